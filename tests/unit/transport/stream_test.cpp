#include "protocols/transport/stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "tests/support/loopback.h"

namespace understudy {
namespace {

using Status = IoResult::Status;

/// A Stream and the blocking peer at its other end.
class StreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    peer_ = testing::Peer::connect(server_.port());
    testing::Peer accepted = server_.accept();
    ::fcntl(accepted.fd(), F_SETFL, O_NONBLOCK);
    stream_.emplace(context_.get_executor(), Descriptor(accepted.release()));
  }

  asio::io_context context_;
  testing::Server server_;
  testing::Peer peer_;
  std::optional<Stream> stream_;
  std::array<char, 64> buffer_{};
};

TEST_F(StreamTest, NothingToReadIsNotNow) {
  EXPECT_EQ(stream_->try_read(buffer_).status, Status::NotNow);
}

TEST_F(StreamTest, PiecesLeaveInOrderAndEmptyOnesCostNothing) {
  const std::vector<ByteView> pieces = {"GET ", "", "/a", " HTTP/1.1\r\n"};
  const IoResult result = stream_->try_write(pieces);
  EXPECT_EQ(result.status, Status::Done);
  EXPECT_EQ(result.size, 17u);
  EXPECT_EQ(peer_.read(17), "GET /a HTTP/1.1\r\n");
}

TEST_F(StreamTest, MoreThanMaxPiecesIsAPartialWrite) {
  const std::vector<ByteView> pieces(Stream::kMaxPieces + 4, "x");
  EXPECT_EQ(stream_->try_write(pieces).size, Stream::kMaxPieces);
}

TEST_F(StreamTest, AFullSocketTakesLessAndThenNothing) {
  const Bytes large(std::size_t{8} * 1024 * 1024, 'x');
  const ByteView piece = large;
  IoResult result = stream_->try_write(std::span(&piece, 1));
  EXPECT_EQ(result.status, Status::Done);
  EXPECT_LT(result.size, large.size());
  while (result.status == Status::Done)
    result = stream_->try_write(std::span(&piece, 1));
  EXPECT_EQ(result.status, Status::NotNow);
}

TEST_F(StreamTest, ResetShowsAtThePeer) {
  stream_->reset();
  peer_.read_all();
  EXPECT_TRUE(peer_.was_reset());
  EXPECT_FALSE(stream_->is_open());
}

TEST_F(StreamTest, AConnectionThatNobodyRedirectedHasNoOtherDestination) {
  EXPECT_EQ(stream_->original_destination(), std::nullopt);
  EXPECT_EQ(stream_->local_host(), "127.0.0.1");
  stream_->close();
  EXPECT_EQ(stream_->original_destination(), std::nullopt);
  EXPECT_EQ(stream_->local_host(), "");
}

TEST(AddressText, MappedAddressesReadAsWhatTheyAre) {
  const auto mapped = asio::ip::make_address("::ffff:192.0.2.7");
  EXPECT_EQ(address_text({mapped, 80}), "192.0.2.7:80");
  EXPECT_EQ(address_text({asio::ip::make_address("::1"), 443}), "[::1]:443");
}

}  // namespace
}  // namespace understudy
