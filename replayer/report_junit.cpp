// --report FILE.xml: JUnit as CI servers read it, one test case per service and request.
//
//   <testsuites> <testsuite name=RECORDING tests= failures= skipped=>
//     <testcase classname=SERVICE name=LABEL time="0"> [<failure message=…>text</failure>] …
#include "replayer/report.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <unordered_map>
#include <utility>

namespace understudy {

namespace {

/// Size of the UTF-8 character in front, 0 = these bytes are none (RFC 3629).
std::size_t character_size(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xC0u) != 0x80u) return 0;
  }
  const bool overlong = (first == 0xE0 && at(1) < 0xA0) || (first == 0xF0 && at(1) < 0x90);
  const bool beyond = (first == 0xED && at(1) > 0x9F) || (first == 0xF4 && at(1) > 0x8F);
  return overlong || beyond ? 0 : size;
}

void append_escaped(char c, std::string& out) {
  switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    case '\n': out += "&#10;"; break;
    case '\t': out += "&#9;"; break;
    default: out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
}

/// XML 1.0 text and attribute values; what XML cannot hold at all becomes '?'.
std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 1) append_escaped(text.front(), out);
    if (size == 0) out += '?';
    if (size > 1) out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

struct Case {
  std::string service, name;
  std::string problem;  ///< in one sentence; empty = passed
  std::string text;     ///< what differs
  bool skipped = false;
};

std::string differences_text(const std::vector<NearStub>& nearest) {
  std::string text;
  for (const NearStub& near : nearest) {
    text += fmt::format("nearest: exchange {} ({}), distance {:.3f}\n", near.exchange, near.label,
                        near.distance);
    for (const Difference& difference : near.differences) {
      text += fmt::format("  {}: expected \"{}\", got \"{}\"\n", difference.field,
                          difference.expected, difference.got);
    }
  }
  return text.empty() ? "nothing similar was recorded\n" : text;
}

std::string problem_of(const ReportedRequest& request, const FailOn& fail_on) {
  if (request.outcome == Outcome::Missed) return "no stub answers this request";
  if (request.outcome == Outcome::Exhausted && fail_on.exhausted) {
    return "asked more often than it was recorded";
  }
  if (request.outcome == Outcome::Relaxed && fail_on.relaxed) {
    return "matched only after a relaxation";
  }
  return {};
}

/// One case per service and key; the first problem of a key is the one that is told.
class Cases {
 public:
  Cases(const ReplayReport& report, const FailOn& fail_on) {
    for (const ReportedRequest& request : report.requests)
      add(request, fail_on);
    for (std::size_t i = 0; i < report.unused.size(); ++i) {
      const std::string label = i < report.unused_labels.size() ? report.unused_labels[i] : "";
      add_unused(report.unused[i], label, fail_on);
    }
    if (report.truncated) {
      list_.push_back({"understudy", "the report lists every request", "",
                       "more requests came than are listed; the totals count all", true});
    }
  }
  [[nodiscard]] const std::vector<Case>& list() const { return list_; }

 private:
  void add(const ReportedRequest& request, const FailOn& fail_on) {
    if (request.outcome == Outcome::Control) return;
    const auto [at, is_new] =
        by_key_.try_emplace(request.service + '\n' + std::to_string(request.key), list_.size());
    if (is_new) list_.push_back({request.service, unique_name(request), "", "", false});
    Case& known = list_[at->second];
    if (!known.problem.empty()) return;
    known.problem = problem_of(request, fail_on);
    if (!known.problem.empty()) known.text = text_of(request);
  }
  static std::string text_of(const ReportedRequest& request) {
    if (request.outcome == Outcome::Missed) return differences_text(request.nearest);
    return fmt::format("request {} was answered by exchange {}\n", request.number,
                       request.exchange);
  }
  void add_unused(std::int64_t exchange, const std::string& label, const FailOn& fail_on) {
    Case unused{"unused", fmt::format("exchange {}{}{}", exchange, label.empty() ? "" : " ", label),
                "", "", !fail_on.unused};
    if (fail_on.unused) unused.problem = "this recorded exchange answered nothing";
    list_.push_back(std::move(unused));
  }
  /// Several keys may read alike (one path, many bodies).
  std::string unique_name(const ReportedRequest& request) {
    const int count = ++names_[request.service + '\n' + request.label];
    return count == 1 ? request.label : fmt::format("{} ({})", request.label, count);
  }

  std::vector<Case> list_;
  std::unordered_map<std::string, std::size_t> by_key_;
  std::unordered_map<std::string, int> names_;
};

void write(const Case& item, std::string& out) {
  out += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", escaped(item.service),
                     escaped(item.name));
  if (!item.problem.empty()) {
    out += fmt::format(">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                       escaped(item.problem), escaped(item.text));
  } else if (item.skipped) {
    out += ">\n      <skipped/>\n    </testcase>\n";
  } else {
    out += "/>\n";
  }
}

}  // namespace

Bytes report_junit(const ReplayReport& report, const FailOn& fail_on) {
  const Cases cases(report, fail_on);
  std::size_t failures = 0;
  std::size_t skipped = 0;
  for (const Case& item : cases.list()) {
    if (!item.problem.empty()) ++failures;
    if (item.problem.empty() && item.skipped) ++skipped;
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  out += fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
      escaped(report.recording), cases.list().size(), failures, skipped);
  for (const Case& item : cases.list())
    write(item, out);
  out += "  </testsuite>\n</testsuites>\n";
  return out;
}

}  // namespace understudy
