#include "store/rule_file.h"

#include "scheme_table.h"
#include "store_fixture.h"

namespace understudy {
namespace {

class RuleFileTest : public StoreTest {
 protected:
  RuleFileTest() : file_((directory_ / "registration.xml").string()) {}

  Result<RuleFile> read(const std::string& xml) {
    write_file(file_, xml);
    return read_rule_file(file_, schemes());
  }
  /// Reads the elements inside a root on line 1; they begin on line 2.
  Result<RuleFile> read_inside(const std::string& xml) {
    return read("<registration>\n" + xml + "\n</registration>\n");
  }

  std::string file_;
};

TEST_F(RuleFileTest, ReadsTheRulesOfTheContract) {
  const auto file = read_inside(R"(
  <logger level="info"/>
  <forward bind ="localhost:8080" destination="api.example.com" type="http" name="shop" preserveHost="true"/>
  <forward bind="localhost:7000" destination="host:7000"/>
  <proxies><x:forward xmlns:x="urn:x" bind="0.0.0.0:1883" destination="broker" type="mqtt"/></proxies>)");
  ASSERT_TRUE(file) << describe(file.error());
  EXPECT_EQ(file->log_level, "info");
  ASSERT_EQ(file->rules.size(), 3U);
  const ForwardRule& http = file->rules[0];
  EXPECT_EQ(http.name, "shop");
  EXPECT_EQ(http.protocol, "http");
  EXPECT_EQ(http.listen, (Endpoint{"localhost", 8080}));
  EXPECT_EQ(http.upstream, (Endpoint{"api.example.com", 80}));
  EXPECT_TRUE(http.preserve_host);
  EXPECT_EQ(http.written_at, file_ + ":4");
  EXPECT_EQ(file->rules[1].client_scheme, "tcp");
  EXPECT_EQ(file->rules[1].name, "");
  EXPECT_EQ(file->rules[2].upstream, (Endpoint{"broker", 1883}));
  ASSERT_EQ(file->warnings.size(), 2U);
  EXPECT_EQ(file->warnings[0], file_ + ":6: unknown element <proxies>");
  EXPECT_NE(file->warnings[1].find("raw TCP"), std::string::npos);
}

TEST_F(RuleFileTest, MergesRedactionOfTheRoot) {
  const auto file = read_inside(R"xml(
  <forward bind=":1" destination="h:1"><redact json="/card/number"/></forward>
  <redact header="Authorization" pattern="key=(\w+)"/>)xml");
  ASSERT_TRUE(file) << describe(file.error());
  EXPECT_EQ(file->rules[0].redact,
            (RedactRules{{"Authorization"}, {"/card/number"}, {"key=(\\w+)"}}));
}

TEST_F(RuleFileTest, WarnsOfWhatItReadsPast) {
  const auto file = read_inside(R"(<server base-url="https://localhost:5443/RTCP"><x/></server>
<ssl trustAll="true"/>
<ssl trustAll="true"/>
<ims><exit irm-id="*SAMPLE*"/></ims>
<colour/>
<forward bind=":1" destination="h:1" framing="lines" shade="blue"><hint/></forward>
<http-proxy port="3128"/>)");
  ASSERT_TRUE(file) << describe(file.error());
  std::string warnings;
  for (const std::string& line : file->warnings)
    warnings += line.substr(file_.size()) + "\n";
  EXPECT_EQ(warnings,
            ":2: <server> is read past: it says nothing to this program\n"
            ":3: <ssl> is read past: it says nothing to this program\n"
            ":5: <ims> is read past: it says nothing to this program\n"
            ":6: unknown element <colour>\n"
            ":7: framing is not used by this version\n"
            ":7: unknown attribute shade\n"
            ":7: unknown element <hint>\n"
            ":8: bind-address is empty: localhost here, all adapters for the vendor's proxy\n");
}

TEST_F(RuleFileTest, RefusesBadValuesWithLineAndExpectation) {
  const std::pair<const char*, const char*> cases[] = {
      {R"(<forward bind="" destination="h:1"/>)", "bind: \"\": expected HOST:PORT"},
      {R"(<forward destination="h:1"/>)", "bind: \"\": expected"},
      {R"(<forward bind="localhost" destination="h:1"/>)", "bind: \"localhost\": expected"},
      {R"(<forward bind=":1"/>)", "destination: \"\": expected"},
      {R"(<forward bind=":1" destination="h"/>)", "destination: \"h\": expected HOST:PORT"},
      {R"(<forward bind=":1" destination="h:1" bind=":2"/>)", "bind stands twice"},
      {R"(<ssl trustAll="true" trustAll="false"/>)", "trustAll stands twice"},
      {R"(<forward bind=":1" destination="h:1" type="gopher"/>)",
       "type: \"gopher\": expected one of http, https, tcp, tls, mqtt"},
      {R"(<forward bind=":1" destination="h:1" type="http" destinationType="mqtt"/>)",
       "same protocol"},
      {R"(<forward bind=":1" destination="h:1" preserveHost="maybe"/>)",
       "preserveHost: \"maybe\": expected true or false"},
      {R"(<forward bind=":1" destination="h:1" allow="10.0.0.0/8"/>)",
       "allow=\"10.0.0.0/8\" is not supported by this version"},
      {R"(<forward bind=":1" destination="h:1"><route path="/x"/></forward>)", "<route> is not"},
      {R"(<forward bind=":1" destination="h:1"><redact/></forward>)", "expected header, json"},
      {R"(<redact json="card"/>)", "expected a JSON pointer"},
      {R"(<logger level="loud"/>)", "expected debug, info, warning or error"},
      {R"(<http-proxy port="many" bind-address="localhost"/>)", "bind-address and port"},
      {R"(<http-proxy port="3128" disableConnectForwarding="2" bind-address="localhost"/>)",
       "disableConnectForwarding"},
      {R"(<forward bind=":1")", "not well-formed XML"},
      {R"(<a></b>)", "not well-formed XML"},
  };
  for (const auto& [xml, expected] : cases) {
    const auto file = read_inside(xml);
    ASSERT_FALSE(file) << xml;
    EXPECT_EQ(file.error().source, ErrorSource::Config);
    EXPECT_TRUE(file.error().where.starts_with(file_ + ":")) << file.error().where;
    EXPECT_NE(file.error().what.find(expected), std::string::npos) << xml << "\n"
                                                                   << file.error().what;
  }
  EXPECT_EQ(read_inside("\n<forward bind=''/>").error().where, file_ + ":3");
}

TEST_F(RuleFileTest, HarmlessValuesOfFeaturesToComeAreFine) {
  const auto file = read_inside(
      R"(<forward bind=":1" destination="h:1" verify="true" transparent="false" rewriteLinks="false"/>)");
  ASSERT_TRUE(file) << describe(file.error());
  EXPECT_TRUE(file->warnings.empty());
}

TEST_F(RuleFileTest, LinesAreRightInEveryEncoding) {
  const std::string xml =
      "<registration>\n<!-- \xC3\xA9\xC3\xA9\xC3\xA9 -->\n<colour/>\n</registration>";
  const std::string expected = file_ + ":3: unknown element <colour>";
  EXPECT_EQ(read(xml)->warnings.at(0), expected);
  EXPECT_EQ(read("\xEF\xBB\xBF" + xml)->warnings.at(0), expected);

  std::string latin1 = "<?xml version='1.0' encoding='ISO-8859-1'?><registration>\n<!-- \xE9\n-->";
  EXPECT_EQ(read(latin1 + "<colour/></registration>")->warnings.at(0), expected);

  for (const bool big_endian : {false, true}) {
    std::string utf16 = big_endian ? "\xFE\xFF" : "\xFF\xFE";
    for (const char c : std::string("<registration>\n\n<colour/></registration>")) {
      if (big_endian) utf16 += '\0';
      utf16 += c;
      if (!big_endian) utf16 += '\0';
    }
    EXPECT_EQ(read(utf16)->warnings.at(0), expected) << big_endian;
  }
}

TEST_F(RuleFileTest, EntitiesNameNothingOutside) {
  write_file((directory_ / "secret").string(), "secret");
  const auto file = read(
      "<!DOCTYPE registration [<!ENTITY e SYSTEM 'secret'>]>\n"
      "<registration><forward bind=':1' destination='h:1' name='&e;'/></registration>");
  ASSERT_TRUE(file) << describe(file.error());
  EXPECT_EQ(file->rules[0].name, "&e;");
}

TEST_F(RuleFileTest, FilesThatCannotBeReadAreNamed) {
  const auto missing = read_rule_file((directory_ / "none.xml").string(), schemes());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().source, ErrorSource::Config);
  EXPECT_NE(missing.error().what.find("No such file"), std::string::npos);
  EXPECT_FALSE(read_rule_file(directory_.string(), schemes()));
  EXPECT_FALSE(read(std::string((std::size_t{4} << 20) + 1, ' ')));
}

}  // namespace
}  // namespace understudy
