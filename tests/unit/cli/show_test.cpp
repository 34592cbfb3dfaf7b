// What `show` and `list` print of a store with TLS and a forward proxy in it.
#include "store/recording_writer.h"
#include "ui/cli/list_command.h"
#include "ui/cli/show_command.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace understudy {
namespace {

/// A session through a proxy: TLS with the client, upstream 1 in TLS and not checked, upstream 2
/// plain, and an exchange with each.
class ShowTest : public testing::Test {
 protected:
  ShowTest() {
    std::string name = (std::filesystem::temp_directory_path() / "show-test-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    store_ = (folder_ / "run.db").string();
    record();
  }
  ~ShowTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void record() {
    RecordingStart start;
    start.name = "run";
    ForwardRule& rule = start.rules.emplace_back();
    rule.name = "proxy";
    rule.protocol = "http";
    rule.client_scheme = rule.upstream_scheme = "http-proxy";
    rule.proxy.emplace();
    auto writer = RecordingWriter::open(store_, start);
    ASSERT_TRUE(writer) << describe(writer.error());
    auto batch = (*writer)->new_batch();
    const std::int64_t session = (*writer)->next_session_id();
    batch->sessions_opened.push_back({session, 0, wall_clock_now(), "127.0.0.1:5", "127.0.0.1:6"});
    add_upstream(*batch, session, 1, "https://api.example.com");
    add_upstream(*batch, session, 2, "http://other:8080");
    add_handshake(*batch, session, 0, "");
    add_handshake(*batch, session, 1, "not checked");
    add_exchange(**writer, *batch, session, 1, "https://api.example.com/orders");
    add_exchange(**writer, *batch, session, 2, "http://other:8080/orders");
    (*writer)->submit(std::move(batch));
    ASSERT_TRUE((*writer)->finish());
  }

  static void add_upstream(Batch& batch, std::int64_t session, UpstreamNo number,
                           std::string place) {
    UpstreamOpened row;
    row.session = session;
    row.number = number;
    row.place = std::move(place);
    batch.upstreams.push_back(std::move(row));
  }

  static void add_handshake(Batch& batch, std::int64_t session, UpstreamNo upstream,
                            std::string verified) {
    TlsAgreed row;
    row.session = session;
    row.upstream = upstream;
    row.version = "TLSv1.3";
    row.cipher = "TLS_AES_128_GCM_SHA256";
    row.server_name = "api.example.com";
    row.verified = std::move(verified);
    row.peer_chain = upstream == 0 ? "" : "a chain\n";
    batch.tls.push_back(std::move(row));
  }

  static void add_exchange(RecordingWriter& writer, Batch& batch, std::int64_t session,
                           UpstreamNo upstream, ByteView url) {
    ExchangeRow row;
    row.id = writer.next_exchange_id();
    row.session = session;
    row.number = upstream;
    row.upstream = upstream;
    row.open = false;
    row.status = 200;
    row.protocol = "http";
    row.method = batch.add("GET");
    row.resource = batch.add(url);
    row.request = batch.add("GET /orders HTTP/1.1\r\nHost: x\r\n\r\n");
    row.reply = batch.add("HTTP/1.1 200 OK\r\n\r\n");
    batch.exchanges.push_back(row);
  }

  std::string shown(std::string id, ShowArguments::As as = ShowArguments::As::Text) {
    testing::internal::CaptureStdout();
    const int code = run(ShowArguments{store_, std::move(id), as});
    std::string text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(code, 0);
    return text;
  }

  nlohmann::json shown_json(std::string id) {
    return nlohmann::json::parse(shown(std::move(id), ShowArguments::As::Json));
  }

  std::string listed(std::string recording, bool json = false) {
    ListArguments arguments;
    arguments.store = store_;
    arguments.recording = std::move(recording);
    arguments.json = json;
    testing::internal::CaptureStdout();
    EXPECT_EQ(run(arguments), 0);
    return testing::internal::GetCapturedStdout();
  }

  std::filesystem::path folder_;
  std::string store_;
};

constexpr const char* kAgreed = "TLS 1.3, TLS_AES_128_GCM_SHA256, SNI api.example.com";

TEST_F(ShowTest, ASessionShowsItsHandshakes) {
  const std::string text = shown("s1");
  EXPECT_NE(text.find(std::string("\nTLS\n  client: ") + kAgreed + "\n  upstream 1: " + kAgreed +
                      ", verified: NOT CHECKED\n"),
            std::string::npos)
      << text;
}

TEST_F(ShowTest, ASessionAsJsonHasTheChains) {
  const auto json = shown_json("s1");
  ASSERT_EQ(json["tls"].size(), 2U);
  EXPECT_EQ(json["tls"][0]["side"], "client");
  EXPECT_EQ(json["tls"][1]["verified"], "not checked");
  EXPECT_EQ(json["tls"][1]["peer_chain"], "a chain\n");
  EXPECT_EQ(json["exchanges"].size(), 2U);
}

TEST_F(ShowTest, AnExchangeShowsTheTlsOfItsUpstream) {
  const std::string secured = shown("1"), plain = shown("2");
  EXPECT_NE(secured.find(std::string("\nupstream TLS: ") + kAgreed + ", certificate not checked\n"),
            std::string::npos)
      << secured;
  EXPECT_EQ(plain.find("TLS"), std::string::npos) << plain;
  EXPECT_EQ(shown_json("1")["upstream_tls"]["verified"], "not checked");
  EXPECT_TRUE(shown_json("2")["upstream_tls"].is_null());
}

TEST_F(ShowTest, ExchangesOfAProxyHaveTheirWholeUrl) {
  EXPECT_EQ(shown_json("1")["resource"], "https://api.example.com/orders");
  EXPECT_NE(listed("run").find("https://api.example.com/orders"), std::string::npos);
}

TEST_F(ShowTest, AProxyHasNoUpstreamInTheList) {
  const auto json = nlohmann::json::parse(listed("", true));
  EXPECT_EQ(json["rules"][0]["scheme"], "http-proxy");
  EXPECT_TRUE(json["rules"][0]["upstream"].is_null());
}

}  // namespace
}  // namespace understudy
