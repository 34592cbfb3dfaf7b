#include "protocols/core/chunk_list.h"
#include "protocols/core/edit_list.h"
#include "protocols/core/varint.h"

#include <gtest/gtest.h>

#include <limits>

namespace understudy {
namespace {

TEST(Varint, SurvivesTheEdges) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{16383},
        std::uint64_t{16384}, std::numeric_limits<std::uint64_t>::max()}) {
    Bytes packed;
    append_varint(packed, value);
    ByteView rest = packed;
    EXPECT_EQ(take_varint(rest), value);
    EXPECT_TRUE(rest.empty());
  }
}

TEST(Varint, RefusesWhatIsCutOffOrTooLong) {
  ByteView cut("\x80\x80", 2);
  EXPECT_FALSE(take_varint(cut));
  EXPECT_EQ(cut.size(), 2U);
  ByteView too_long("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10);
  EXPECT_FALSE(take_varint(too_long));
}

TEST(ChunkList, GivesBackWhatWasAppended) {
  Bytes list;
  append_chunk(list, Side::Client, 200, Duration(0));
  append_chunk(list, Side::Server, std::uint64_t{2} << 30, Duration(3'600'000'000));
  append_chunk(list, Side::Client, 0, Duration(-5));
  const std::vector<Chunk> expected{{Side::Client, 200, Duration(0)},
                                    {Side::Server, std::uint64_t{2} << 30, Duration(3'600'000'000)},
                                    {Side::Client, 0, Duration(0)}};
  EXPECT_EQ(read_chunks(list), expected);
}

TEST(ChunkList, StopsAtDamage) {
  Bytes list;
  append_chunk(list, Side::Client, 7, Duration(1));
  const std::size_t whole = list.size();
  append_chunk(list, Side::Server, 9000, Duration(90'000));
  for (std::size_t size = whole; size < list.size(); ++size) {
    EXPECT_EQ(read_chunks(ByteView(list).substr(0, size)).size(), 1U) << size;
  }
  EXPECT_TRUE(read_chunks("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF").empty());
}

TEST(EditList, KeepsTheSidesApart) {
  const Edit host{16, 20, "Host: upstream"}, location{30, 0, Bytes("a\0b", 3)};
  Bytes list;
  append_edit(list, Side::Client, host);
  append_edit(list, Side::Server, location);
  std::vector<Edit> request, reply;
  read_edits(list, request, reply);
  EXPECT_EQ(request, std::vector<Edit>{host});
  EXPECT_EQ(reply, std::vector<Edit>{location});
}

TEST(EditList, StopsAtDamage) {
  Bytes list;
  append_edit(list, Side::Client, {1, 2, "xyz"});
  for (std::size_t size = 0; size < list.size(); ++size) {
    std::vector<Edit> request, reply;
    read_edits(ByteView(list).substr(0, size), request, reply);
    EXPECT_TRUE(request.empty() && reply.empty()) << size;
  }
}

TEST(ApplyEdits, ReplacesInsertsAndRemoves) {
  const std::vector<Edit> edits{{6, 5, "there"}, {0, 0, "> "}, {11, 1, ""}};
  EXPECT_EQ(apply_edits("hello world!", edits), "> hello there");
}

TEST(ApplyEdits, LeavesOutWhatDoesNotFit) {
  EXPECT_EQ(apply_edits("abc", std::vector<Edit>{{9, 1, "x"}}), "abc");
  EXPECT_EQ(apply_edits("abc", std::vector<Edit>{{1, 99, "x"}}), "ax");
  EXPECT_EQ(apply_edits("abcd", std::vector<Edit>{{0, 3, "x"}, {1, 1, "y"}}), "xd");
}

}  // namespace
}  // namespace understudy
