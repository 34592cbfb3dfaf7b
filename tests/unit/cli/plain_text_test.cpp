#include "ui/cli/plain_text.h"
#include "ui/cli/exchange_lines.h"
#include "ui/cli/hex_dump.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(SizeText, UsesPowersOfThousand) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1400), "1.4 kB");
  EXPECT_EQ(size_text(999'960), "1.0 MB");
  EXPECT_EQ(size_text(2'147'483'648), "2.1 GB");
}

TEST(DurationText, ChoosesTheUnit) {
  EXPECT_EQ(duration_text(Duration(439)), "439 µs");
  EXPECT_EQ(duration_text(Duration(3600)), "3.6 ms");
  EXPECT_EQ(duration_text(Duration(7'320'000)), "7.32 s");
}

TEST(Printable, TerminalsGetNoControlCharacters) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(printable("a\nb"), "a\\x0ab");
  EXPECT_EQ(printable("a\nb\r", true), "a\nb\\x0d");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(printable("a\xE2\x80\xAE"
                      "b"),
            "aU+202Eb");
}

TEST(Printable, KeepsTextAndMarksBytesThatAreNone) {
  EXPECT_EQ(printable("größe €"), "größe €");
  EXPECT_EQ(printable("\xff\xC3"), "\\xff\\xc3");
  EXPECT_EQ(printable("\xC0\xAF"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");  // surrogate
}

TEST(Padded, CountsCharacters) {
  EXPECT_EQ(padded("größe", 7), "größe  ");
  EXPECT_EQ(padded("longer", 3), "longer");
}

TEST(HexDump, ShowsOffsetDigitsAndText) {
  EXPECT_EQ(hex_dump("GET /\r\n"),
            "00000000  47 45 54 20 2f 0d 0a                              |GET /..|\n");
  EXPECT_EQ(hex_dump(std::string(16, 'a'), 16).substr(0, 10), "00000010  ");
  EXPECT_EQ(hex_dump(""), "");
}

TEST(StatusText, SaysWhatIsOutOfTheOrdinary) {
  ExchangeLine line;
  EXPECT_EQ(status_text(line), "-");
  line.status = 200;
  EXPECT_EQ(status_text(line), "200");
  line.ending = Ending::CutByUpstream;
  EXPECT_EQ(status_text(line), "200 cut by the upstream");
  line.open = true;
  EXPECT_EQ(status_text(line), "200 open");
  line = {};
  line.status = 502;
  line.origin = Origin::Understudy;
  line.ending = Ending::CutByUs;
  EXPECT_EQ(status_text(line), "502 understudy");
}

TEST(ExchangeLines, ColumnsStandBelowEachOther) {
  Recording recording;
  recording.name = "nightly";
  recording.exchanges = 1200;
  recording.rules.resize(1);
  recording.rules[0].rule.name = "orders";
  const ExchangeLines lines({&recording, 1}, "another");
  ExchangeLine line;
  line.number = 7;
  line.recording = "nightly";
  line.protocol = "http";
  line.rule = "orders";
  line.method = "GET";
  line.resource = "/orders/1";
  line.status = 200;
  const std::string header = lines.header();
  const std::string shown = lines.line(line);
  EXPECT_TRUE(shown.starts_with("   nightly:7  ")) << shown;
  EXPECT_EQ(header.find("RULE"), shown.find("orders"));
  EXPECT_EQ(header.find("RESOURCE"), shown.find("/orders/1"));
  EXPECT_EQ(header.find("STATUS"), shown.find("200"));
}

}  // namespace
}  // namespace understudy
