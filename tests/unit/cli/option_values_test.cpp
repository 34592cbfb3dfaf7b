#include "ui/cli/option_values.h"
#include "ui/cli/exchange_id.h"
#include "ui/cli/search_terms.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using std::chrono::milliseconds;

TEST(ParseWait, ReadsUnits) {
  EXPECT_EQ(parse_wait("10"), milliseconds(10'000));
  EXPECT_EQ(parse_wait("10s"), milliseconds(10'000));
  EXPECT_EQ(parse_wait("250ms"), milliseconds(250));
  EXPECT_EQ(parse_wait("2m"), milliseconds(120'000));
}

TEST(ParseWait, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "0", "-1", "1.5s", "10h", "99999999999999999999", "86401"}) {
    EXPECT_FALSE(parse_wait(text)) << text;
  }
}

TEST(ParseTiming, ReadsWordsAndFactors) {
  EXPECT_EQ(parse_timing("none"), 0);
  EXPECT_EQ(parse_timing("recorded"), 1);
  EXPECT_EQ(parse_timing("2.5"), 2.5);
  for (const char* text : {"", "-1", "nan", "inf", "1001", "2x"}) {
    EXPECT_FALSE(parse_timing(text)) << text;
  }
}

TEST(ParseUiChoice, ReadsAddresses) {
  EXPECT_EQ(parse_ui_choice("--ui", "7071")->at, (Endpoint{"127.0.0.1", 7071}));
  EXPECT_EQ(parse_ui_choice("--ui", "localhost:0")->at, (Endpoint{"localhost", 0}));
  EXPECT_EQ(parse_ui_choice("--ui", "[::1]:7071")->at, (Endpoint{"::1", 7071}));
  EXPECT_EQ(parse_ui_choice("--ui", "off")->kind, UiChoice::Kind::Off);
}

TEST(ParseUiChoice, RefusesPublicAddressesAndNonsense) {
  for (const char* text :
       {":7070", "0.0.0.0:7070", "192.168.1.2:7070", "example.com:7070", "[::]:7070"}) {
    EXPECT_NE(parse_ui_choice("--ui", text).error().what.find("other machines"), std::string::npos)
        << text;
  }
  for (const char* text : {"", "port", "127.0.0.1:", "65536", "127.0.0.1:-1"}) {
    EXPECT_FALSE(parse_ui_choice("--ui", text)) << text;
  }
}

TEST(ParseExchangeId, ReadsAllForms) {
  EXPECT_EQ(parse_exchange_id("7"), (ExchangeId{"", false, 7}));
  EXPECT_EQ(parse_exchange_id("s2"), (ExchangeId{"", true, 2}));
  EXPECT_EQ(parse_exchange_id("nightly:7"), (ExchangeId{"nightly", false, 7}));
  EXPECT_EQ(parse_exchange_id("nightly:s7"), (ExchangeId{"nightly", true, 7}));
}

TEST(ParseExchangeId, TheLastColonDivides) {
  EXPECT_EQ(parse_exchange_id("2026-11-21T09:13:14Z:5"),
            (ExchangeId{"2026-11-21T09:13:14Z", false, 5}));
}

TEST(ParseExchangeId, RefusesWhatIsNone) {
  for (const char* text : {"", "0", "s", "s0", "x7", ":7", "nightly:", "nightly:x", "7 ", "-7"}) {
    EXPECT_FALSE(parse_exchange_id(text)) << text;
  }
}

TEST(SearchTerms, QuotesKeepWordsTogether) {
  using Terms = std::vector<std::string>;
  EXPECT_EQ(search_terms("post  \"x-id: 42\" b"), (Terms{"post", "x-id: 42", "b"}));
  EXPECT_EQ(search_terms(" \"\" "), Terms{});
  EXPECT_EQ(search_terms("\"open end"), Terms{"open end"});
}

}  // namespace
}  // namespace understudy
