#include "ui/web/web_server.h"
#include "ui/cli/local_ui.h"

#include <gtest/gtest.h>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>

namespace understudy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::uint16_t port_of(const WebServer& server) {
  const std::string url = server.url();  // "http://127.0.0.1:7070/"
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

class WebServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = WebServer::open({"127.0.0.1", 0});
    ASSERT_TRUE(opened) << describe(opened.error());
    server_ = std::move(*opened);
    server_->start([] {
      ServiceInfo info;
      info.command = "record";
      info.store = "run.db";
      return info;
    });
  }

  /// Sends `bytes` on a new connection and reads until the server closes it.
  [[nodiscard]] std::string answer_to(const std::string& bytes) const {
    asio::io_context context;
    tcp::socket socket(context);
    boost::system::error_code error;
    socket.connect({asio::ip::address_v4::loopback(), port_of(*server_)}, error);
    EXPECT_FALSE(error) << error.message();
    asio::write(socket, asio::buffer(bytes), error);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    return answer;
  }
  [[nodiscard]] std::string get(const std::string& line, const std::string& more = "") const {
    return answer_to(line + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_of(*server_)) +
                     "\r\nConnection: close\r\n" + more + "\r\n");
  }

  std::unique_ptr<WebServer> server_;
};

TEST_F(WebServerTest, ServesThePageWithSecurityHeaders) {
  const std::string answer = get("GET /");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_NE(answer.find("Content-Security-Policy: default-src 'none'"), std::string::npos);
  EXPECT_NE(answer.find("X-Content-Type-Options: nosniff"), std::string::npos);
  EXPECT_NE(answer.find("<!doctype html>"), std::string::npos);
}

TEST_F(WebServerTest, HeadHasTheLengthAndNoBody) {
  const std::string answer = get("HEAD /");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Length: "), std::string::npos);
  EXPECT_EQ(answer.find("Content-Length: 0\r\n"), std::string::npos);
}

TEST_F(WebServerTest, PipelinedRequestsAreAllAnswered) {
  const std::string one =
      "GET /api/v1/info HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_of(*server_)) + "\r\n";
  const std::string answer = answer_to(one + "\r\n" + one + "Connection: close\r\n\r\n");
  EXPECT_NE(answer.find("HTTP/1.1 200", answer.find("HTTP/1.1 200") + 1), std::string::npos);
}

TEST_F(WebServerTest, GarbageAndOverlongHeadsAreRefused) {
  EXPECT_TRUE(answer_to("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  const std::string longer(kMaxWebHeadBytes + 1000, 'a');
  EXPECT_TRUE(get("GET /", "X: " + longer + "\r\n").starts_with("HTTP/1.1 431 "));
}

TEST_F(WebServerTest, StopEndsOpenConnections) {
  asio::io_context context;
  tcp::socket idle(context);
  idle.connect({asio::ip::address_v4::loopback(), port_of(*server_)});
  asio::write(idle, asio::buffer(std::string("GET / HT")));
  server_->stop();
  std::array<char, 16> buffer{};
  boost::system::error_code error;
  idle.read_some(asio::buffer(buffer), error);
  EXPECT_TRUE(error);
}

TEST_F(WebServerTest, AnExplicitPortThatIsTakenIsAnError) {
  UiChoice choice;
  choice.kind = UiChoice::Kind::At;
  choice.at = {"127.0.0.1", port_of(*server_)};
  std::string notice;
  const auto second = open_local_ui(choice, false, notice);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().source, ErrorSource::Environment);
}

TEST(OpenLocalUi, IsOffByChoiceAndBesideACommand) {
  std::string notice;
  const auto beside_command = open_local_ui({}, true, notice);
  ASSERT_TRUE(beside_command);
  EXPECT_EQ(*beside_command, nullptr);
  const auto off = open_local_ui({UiChoice::Kind::Off, {}}, false, notice);
  ASSERT_TRUE(off);
  EXPECT_EQ(*off, nullptr);
}

TEST(OpenLocalUi, TheDefaultPortGivesWayWithANotice) {
  // Whether or not something else has the default port: two of ours cannot both have it.
  std::string first_notice, second_notice;
  const auto first = open_local_ui({}, false, first_notice);
  const auto second = open_local_ui({}, false, second_notice);
  ASSERT_TRUE(first && second);
  EXPECT_NE((*first)->url(), (*second)->url());
  EXPECT_FALSE(second_notice.empty());
}

}  // namespace
}  // namespace understudy
