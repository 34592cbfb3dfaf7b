// What TLS and forward proxies add to a store: handshakes, certificate chains, places.
#include "store/batch_queue.h"
#include "store/certificate_chains.h"
#include "store/details.h"
#include "store_fixture.h"

namespace understudy {
namespace {

/// Looks like a chain of some KiB, and no two are alike.
std::string chain(std::string_view whose) {
  return "-----BEGIN CERTIFICATE-----\n" + std::string(whose) + std::string(70, 'A') +
         "\n-----END CERTIFICATE-----\n";
}

TlsAgreed with_client(std::int64_t session) {
  TlsAgreed row;
  row.session = session;
  row.at = kNoon;
  row.duration = Duration(1900);
  row.version = "TLSv1.3";
  row.cipher = "TLS_AES_128_GCM_SHA256";
  row.server_name = "api.example.com";
  row.alpn = "http/1.1";
  row.verified = "not checked";
  row.own_chain = chain("ours");
  return row;
}

TlsAgreed with_upstream(std::int64_t session, UpstreamNo upstream) {
  TlsAgreed row = with_client(session);
  row.upstream = upstream;
  row.resumed = true;
  row.verified = "ok";
  row.peer_subject = "CN=api.example.com";
  row.own_chain = "";
  row.peer_chain = chain("theirs");
  return row;
}

class TlsRowsTest : public StoreTest {
 protected:
  static UpstreamOpened upstream(std::int64_t session, UpstreamNo number, std::string place) {
    UpstreamOpened row;
    row.session = session;
    row.number = number;
    row.destination = "api.example.com:443";
    row.place = std::move(place);
    return row;
  }

  static ForwardRule proxy_rule() {
    ForwardRule rule;
    rule.name = "proxy";
    rule.protocol = "http";
    rule.client_scheme = rule.upstream_scheme = "http-proxy";
    rule.listen = {"localhost", 3128};
    rule.proxy.emplace();
    return rule;
  }

  /// A recording with one session of these handshakes.
  void record_handshakes(const std::vector<TlsAgreed>& rows) {
    auto writer = open_writer();
    ASSERT_NE(writer, nullptr);
    auto batch = writer->new_batch();
    const auto session = add_session(*writer, *batch);
    for (TlsAgreed row : rows) {
      row.session = session;
      batch->tls.push_back(std::move(row));
    }
    writer->submit(std::move(batch));
    const auto summary = writer->finish();
    ASSERT_TRUE(summary) << describe(summary.error());
  }

  /// A session through a forward proxy: connection 1 without a place, 2 and 3 with one.
  void record_places() {
    RecordingStart begin = start("proxied");
    begin.rules = {proxy_rule()};
    auto writer = RecordingWriter::open(path_, begin);
    EXPECT_TRUE(writer);
    auto batch = (*writer)->new_batch();
    const auto session = add_session(**writer, *batch);
    batch->upstreams.push_back(upstream(session, 1, ""));
    batch->upstreams.push_back(upstream(session, 2, "https://api.example.com"));
    batch->upstreams.push_back(upstream(session, 3, ""));
    batch->places.push_back({session, 3, "http://other:8080"});  // known later
    const std::pair<UpstreamNo, std::string> gone[] = {{2, "https://api.example.com/items?page=7"},
                                                       {1, "/own"},
                                                       {3, "http://other:8080/x"},
                                                       {2, "https://api.example.com"},
                                                       {2, "api.example.com:443"},
                                                       {0, "/bad"},
                                                       {0, "*"}};
    for (const auto& [number, resource] : gone) {
      ExchangeRow& row = add_exchange(**writer, *batch, session);
      row.upstream = number;
      row.resource = batch->add(resource);
    }
    (*writer)->submit(std::move(batch));
    EXPECT_TRUE((*writer)->finish());
  }
};

TEST_F(TlsRowsTest, GivesBackHandshakesInOrder) {
  TlsAgreed refused = with_upstream(0, 2);
  refused.version = refused.cipher = refused.alpn = refused.peer_chain = refused.peer_subject = "";
  refused.verified = "self-signed certificate";
  refused.error = "the upstream's certificate is self-signed";
  record_handshakes({refused, with_upstream(0, 1), with_client(0)});
  const auto handshakes = open_reader()->tls(1);
  ASSERT_TRUE(handshakes) << describe(handshakes.error());
  ASSERT_EQ(handshakes->size(), 3U);
  const RecordedTls& client = (*handshakes)[0];
  EXPECT_EQ(client.upstream, 0);
  EXPECT_EQ(client.at, kNoon);
  EXPECT_EQ(client.duration, Duration(1900));
  EXPECT_EQ(client.version, "TLSv1.3");
  EXPECT_EQ(client.cipher, "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(client.server_name, "api.example.com");
  EXPECT_EQ(client.alpn, "http/1.1");
  EXPECT_FALSE(client.resumed);
  EXPECT_EQ(client.verified, "not checked");
  EXPECT_EQ(client.own_chain, chain("ours"));
  EXPECT_EQ(client.peer_chain, "");
  const RecordedTls& agreed = (*handshakes)[1];
  EXPECT_EQ(agreed.upstream, 1);
  EXPECT_TRUE(agreed.resumed);
  EXPECT_EQ(agreed.verified, "ok");
  EXPECT_EQ(agreed.peer_subject, "CN=api.example.com");
  EXPECT_EQ(agreed.own_chain, "");
  EXPECT_EQ(agreed.peer_chain, chain("theirs"));
  EXPECT_EQ((*handshakes)[2].error, "the upstream's certificate is self-signed");
  EXPECT_TRUE(open_reader()->tls(77)->empty());
}

TEST_F(TlsRowsTest, AChainIsInTheStoreOnceAcrossRecordings) {
  for (int run = 0; run < 2; ++run) {
    record_handshakes({with_client(0), with_client(0), with_upstream(0, 1), with_upstream(0, 2)});
  }
  EXPECT_EQ(query("SELECT count(*) FROM tls_handshake"), "8\n");
  EXPECT_EQ(query("SELECT count(*) FROM certificate_chain"), "2\n");
  EXPECT_EQ(open_reader()->tls(2)->at(3).peer_chain, chain("theirs"));
}

TEST_F(TlsRowsTest, EqualHashesAreNotTakenForEqualChains) {
  record(0);
  auto database = Database::open(path_, Database::Mode::ReadWrite);
  ASSERT_TRUE(database);
  auto other = database->prepare("INSERT INTO certificate_chain VALUES (1, ?1, 'another')");
  ASSERT_TRUE(other);
  other->bind(1, chain_hash("wanted"));
  ASSERT_TRUE(other->run());
  auto chains = CertificateChains::prepare(*database);
  ASSERT_TRUE(chains);
  EXPECT_EQ(chains->id_of("wanted").value_or(0), 2);
  EXPECT_EQ(query("SELECT id, pem FROM certificate_chain"), "1|another\n2|wanted\n");
}

TEST_F(TlsRowsTest, ARunRemembersItsChainsWithinABound) {
  record(0);
  auto database = Database::open(path_, Database::Mode::ReadWrite);
  ASSERT_TRUE(database);
  auto chains = CertificateChains::prepare(*database);
  ASSERT_TRUE(chains);
  EXPECT_EQ(chains->id_of("").value_or(-1), 0) << "none was sent";
  const auto first = chains->id_of("first");
  ASSERT_TRUE(first);
  // Out of the table, it shows when the table is asked again.
  ASSERT_TRUE(database->run("DELETE FROM certificate_chain"));
  EXPECT_EQ(chains->id_of("first").value_or(0), *first);
  EXPECT_EQ(query("SELECT count(*) FROM certificate_chain"), "0\n");
  const std::string mebibyte(1024 * 1024, 'x');
  for (const char c : {'a', 'b', 'c', 'd'})
    ASSERT_TRUE(chains->id_of(mebibyte + c));
  ASSERT_TRUE(chains->id_of("first"));
  EXPECT_EQ(query("SELECT count(*) FROM certificate_chain WHERE pem = 'first'"), "1\n")
      << "what peers send is not all kept in memory";
}

TEST_F(TlsRowsTest, ChainsCountAgainstTheQueuesBound) {
  Batch batch;
  const std::size_t empty = queued_size(batch);
  batch.tls.push_back(with_client(1));
  EXPECT_GE(queued_size(batch), empty + chain("ours").size());
}

TEST_F(TlsRowsTest, SessionsShowTheInnerHandshakeWithTheClient) {
  TlsAgreed outer = with_client(0), inner = with_client(0);
  outer.server_name = "proxy";
  outer.own_chain = chain("the proxy's");
  inner.resumed = true;
  inner.peer_subject = "CN=partner";
  inner.peer_chain = chain("the partner's");
  record_handshakes({outer, inner});
  EXPECT_EQ(query("SELECT tls_version, tls_cipher, tls_server_name, tls_alpn, tls_resumed,"
                  " tls_client_subject, tls_error, upstream_tls FROM sessions"),
            "TLSv1.3|TLS_AES_128_GCM_SHA256|api.example.com|http/1.1|1|CN=partner||\n");
  EXPECT_EQ(query("SELECT tls_chain || tls_client_chain FROM sessions"),
            chain("ours") + chain("the partner's") + "\n");
}

TEST_F(TlsRowsTest, SessionsSayWhyThereIsNoTls) {
  TlsAgreed failed;
  failed.at = kNoon;
  failed.error = "the client closed: unknown ca";
  record_handshakes({failed});
  EXPECT_EQ(query("SELECT tls_error, tls_version IS NULL, tls_chain IS NULL, tls_resumed"
                  " FROM sessions"),
            "the client closed: unknown ca|1|1|0\n");
  record_handshakes({});
  EXPECT_EQ(query("SELECT coalesce(tls_version, tls_resumed, tls_error, upstream_tls) IS NULL"
                  " FROM sessions WHERE id = 2"),
            "1\n");
}

TEST_F(TlsRowsTest, SessionsListTheHandshakesWithUpstreams) {
  TlsAgreed unchecked = with_upstream(0, 2);
  unchecked.verified = "not checked";
  unchecked.resumed = false;
  TlsAgreed failed;
  failed.upstream = 3;
  failed.server_name = "gone\"quoted";
  failed.error = "connection reset";
  record_handshakes({with_client(0), unchecked, with_upstream(0, 1), failed});
  const auto each = [this](const std::string& members) {
    return query("SELECT " + members + " FROM sessions, json_each(upstream_tls) t");
  };
  EXPECT_EQ(each("t.value ->> 'upstream', t.value ->> 'version', t.value ->> 'cipher',"
                 " t.value ->> 'alpn', t.value ->> 'verified', t.value ->> 'error'"),
            "1|TLSv1.3|TLS_AES_128_GCM_SHA256|http/1.1|ok|\n"
            "2|TLSv1.3|TLS_AES_128_GCM_SHA256|http/1.1|not checked|\n"
            "3|||||connection reset\n");
  EXPECT_EQ(each("t.value ->> 'serverName', t.value -> 'resumed'"),
            "api.example.com|true\napi.example.com|false\ngone\"quoted|false\n");
  EXPECT_EQ(query("SELECT upstream_tls ->> '$[0].chain' FROM sessions"), chain("theirs") + "\n");
  EXPECT_EQ(query("SELECT upstream_tls -> '$[2].chain' FROM sessions"), "null\n");
}

TEST_F(TlsRowsTest, ExchangesKnowTheirPlace) {
  record_places();
  record(1, "plain");
  auto reader = open_reader();
  std::string places;
  ASSERT_TRUE(reader->each_exchange(1, 0, [&](RecordedExchange&& one) {
    places += std::to_string(one.upstream) + "=" + one.place + " ";
    const auto alone = reader->exchange(one.id, 0);
    EXPECT_TRUE(alone && alone->place == one.place) << one.id;
    return true;
  }));
  EXPECT_EQ(places,
            "2=https://api.example.com 1= 3=http://other:8080 2=https://api.example.com "
            "2=https://api.example.com 0= 0= ");
  ASSERT_TRUE(reader->each_exchange(2, 0, [&](RecordedExchange&& one) {
    EXPECT_EQ(one.place, "");
    return true;
  }));
}

TEST_F(TlsRowsTest, UrlsOfAProxyAreAbsoluteWhereTheyCanBe) {
  record_places();
  EXPECT_EQ(query("SELECT url FROM http"),
            "https://api.example.com/items?page=7\n"
            "/own\n"
            "http://other:8080/x\n"
            "https://api.example.com\n"  // OPTIONS *
            "api.example.com:443\n"      // CONNECT
            "/bad\n"                     // a request that led nowhere
            "*\n");
}

TEST_F(TlsRowsTest, ARuleWithoutAnUpstreamHasEmptyColumns) {
  record_places();
  EXPECT_EQ(query("SELECT name, client_scheme, listen, upstream, base_url FROM rule"),
            "proxy|http-proxy|localhost:3128||\n");
}

TEST_F(TlsRowsTest, ReindexPutsThePlaceInFrontAgain) {
  record_places();
  const auto rebuild = [this](std::string_view resource) {
    const auto changed = rebuild_facts(path_, [&](std::string_view, ByteView, ByteView) {
      return OwnedFacts{"GET", std::string(resource), 200};
    });
    ASSERT_TRUE(changed) << describe(changed.error());
  };
  rebuild("/new?a=1");
  EXPECT_EQ(query("SELECT DISTINCT upstream, resource FROM exchange ORDER BY 1"),
            "0|/new?a=1\n1|/new?a=1\n2|https://api.example.com/new?a=1\n"
            "3|http://other:8080/new?a=1\n");
  rebuild("*");
  EXPECT_EQ(query("SELECT DISTINCT upstream, resource FROM exchange ORDER BY 1"),
            "0|*\n1|*\n2|https://api.example.com\n3|http://other:8080\n");
  for (const char* as_it_stands : {"api.example.com:443", ""}) {
    rebuild(as_it_stands);
    EXPECT_EQ(query("SELECT DISTINCT resource FROM exchange"), std::string(as_it_stands) + "\n");
  }
}

}  // namespace
}  // namespace understudy
