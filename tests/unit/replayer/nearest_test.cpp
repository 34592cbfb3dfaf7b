#include "replayer/matcher/nearest.h"

#include "replayer/matcher/field_distance.h"
#include "replayer/matcher/text_similarity.h"
#include "tests/unit/replayer/line_protocol.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace understudy {
namespace {

TEST(Similarity, IsTheShareOfCommonEnds) {
  EXPECT_DOUBLE_EQ(similarity("", ""), 1);
  EXPECT_DOUBLE_EQ(similarity("abc", "abc"), 1);
  EXPECT_DOUBLE_EQ(similarity("abc", "xyz"), 0);
  EXPECT_DOUBLE_EQ(similarity("/orders/1", "/orders/2"), 8.0 / 9);
  EXPECT_DOUBLE_EQ(similarity("aa", "aaaa"), 0.5);  // no byte counts twice
  EXPECT_DOUBLE_EQ(similarity("", "abc"), 0);
}

TEST(FieldDistance, NamesWhatDiffersAndIgnoresWhatDoesNotCount) {
  const FieldDistance apart = field_distance(
      {{"method", "GET"}, {"path", "/a"}, {"query.x", "1"}, {"header.h", "1", {}, false}},
      {{"method", "GET"}, {"path", "/b"}, {"query.y", "2"}});
  ASSERT_EQ(apart.differences.size(), 3u);
  EXPECT_EQ(apart.differences[0].field, "path");
  EXPECT_EQ(apart.differences[1].expected, "1");
  EXPECT_EQ(apart.differences[1].got, "");
  EXPECT_EQ(apart.differences[2].field, "query.y");
  EXPECT_GT(apart.distance, 0.3);
  EXPECT_LT(apart.distance, 1);
  EXPECT_DOUBLE_EQ(field_distance({{"path", "/a"}}, {{"path", "/a"}}).distance, 0);
  EXPECT_DOUBLE_EQ(field_distance({{"path", "/a"}}, {}).distance, 1);
}

TEST(FieldDistance, ALongBodyDoesNotHideAWrongPath) {
  std::vector<Field> near{{"path", "/orders"}};
  std::vector<Field> far{{"path", "/x"}};
  std::vector<Field> live{{"path", "/orders"}};
  for (int i = 0; i < 50; ++i) {
    const std::string name = "body:/items/" + std::to_string(i);
    near.push_back({name, i < 10 ? "changed" : "same"});
    far.push_back({name, "same"});
    live.push_back({name, "same"});
  }
  EXPECT_LT(field_distance(near, live).distance, field_distance(far, live).distance);
}

TEST(FieldDistance, RepeatedNamesAreAMultiset) {
  EXPECT_DOUBLE_EQ(
      field_distance({{"query.a", "1"}, {"query.a", "2"}}, {{"query.a", "2"}, {"query.a", "1"}})
          .distance,
      0);
}

TEST(FieldDistance, LongValuesAreShownShortened) {
  const std::string text = shown(std::string(kMaxShownValue - 1, 'a') + "\xc3\xa9tail");
  EXPECT_EQ(text, std::string(kMaxShownValue - 1, 'a') + "…");
}

ExchangeIndex index_of(const test::LineProtocol& protocol, const std::vector<Bytes>& requests) {
  ExchangeIndex index;
  MatchKey key;
  std::int64_t id = 0;
  for (const Bytes& request : requests) {
    key.clear();
    (void)protocol.exchange_replay()->key(request, {}, key);
    Stub stub;
    stub.id = stub.number = ++id;
    stub.label = request_label(protocol, request);
    stub.request = request;
    index.add(key.key, std::move(stub));
  }
  index.seal();
  return index;
}

TEST(NearestStubs, GivesTheThreeNearestInOrder) {
  const test::LineProtocol protocol;
  const ExchangeIndex index =
      index_of(protocol, {"GET /zebra\n", "GET /orders/12\n", "POST /orders/1\n", "GET /orders\n"});
  const MissExplanation why =
      NearestStubs(protocol, index).explain("GET /orders/1", "GET /orders/1\n", {});
  ASSERT_EQ(why.nearest.size(), kMaxNearest);
  EXPECT_EQ(why.nearest[0].exchange, 2);
  EXPECT_LE(why.nearest[0].distance, why.nearest[1].distance);
  for (const NearStub& near : why.nearest)
    EXPECT_NE(near.exchange, 1);
}

TEST(NearestStubs, AmongEqualLabelsTheBodyDecides) {
  const test::LineProtocol protocol;
  std::vector<Bytes> requests;
  for (int i = 0; i < 500; ++i) {
    const std::string body(static_cast<std::size_t>(i + 1), 'a');
    requests.push_back("PUT /a " + std::to_string(body.size()) + "\n" + body);
  }
  const ExchangeIndex index = index_of(protocol, requests);
  const MissExplanation why =
      NearestStubs(protocol, index)
          .explain("PUT /a", "PUT /a 300\n" + std::string(299, 'a') + "b", {});
  EXPECT_EQ(why.nearest[0].exchange, 300);
}

TEST(NearestStubs, AnEmptyIndexExplainsNothing) {
  const test::LineProtocol protocol;
  const ExchangeIndex index = index_of(protocol, {});
  EXPECT_TRUE(NearestStubs(protocol, index).explain("GET /", "GET /\n", {}).nearest.empty());
}

TEST(NearestStubs, HundredThousandStubsCostMilliseconds) {
  const test::LineProtocol protocol;
  std::vector<Bytes> requests;
  for (int i = 0; i < 100'000; ++i)
    requests.push_back("GET /orders/" + std::to_string(i) + "/lines\n");
  const ExchangeIndex index = index_of(protocol, requests);
  const NearestStubs nearest(protocol, index);
  const auto begin = std::chrono::steady_clock::now();
  constexpr int kMisses = 20;
  for (int i = 0; i < kMisses; ++i) {
    const MissExplanation why =
        nearest.explain("GET /orders/77777/line", "GET /orders/77777/line\n", {});
    ASSERT_EQ(why.nearest[0].exchange, 77778);
  }
  const auto took = (std::chrono::steady_clock::now() - begin) / kMisses;
  RecordProperty("microseconds", std::to_string(took / std::chrono::microseconds(1)));
  EXPECT_LT(took, std::chrono::milliseconds(200));  // sanitizers and a busy machine included
}

TEST(MissJson, HasTheShapeOfTheContract) {
  MissExplanation miss;
  miss.request = {{"method", "GET"}, {"query.a", "1"}, {"query.a", "2"}};
  miss.nearest.push_back({7, "GET /a", 0.5, {{"path", "/a", "/b"}}});
  const auto json = nlohmann::ordered_json::parse(miss_json(miss));
  EXPECT_EQ(
      json.dump(),
      R"({"request":{"method":"GET","query.a":["1","2"]},"nearest":[{"stub":7,"label":"GET /a","distance":0.5,"differences":[{"field":"path","expected":"/a","got":"/b"}]}]})");
}

}  // namespace
}  // namespace understudy
