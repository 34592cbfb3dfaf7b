#include "replayer/report.h"

#include <array>
#include <utility>

namespace understudy {

namespace {

/// "1 exchange", "2 exchanges".
std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

bool set_word(std::string_view word, FailOn& out) {
  const std::array<std::pair<std::string_view, bool*>, 4> words{{{"miss", &out.miss},
                                                                 {"unused", &out.unused},
                                                                 {"exhausted", &out.exhausted},
                                                                 {"relaxed", &out.relaxed}}};
  bool known = false;
  for (const auto& [name, flag] : words) {
    if (word != name && word != "all") continue;
    *flag = true;
    known = true;
  }
  return known;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::Exact: return "exact";
    case Outcome::Relaxed: return "relaxed";
    case Outcome::Exhausted: return "exhausted";
    case Outcome::Missed: return "missed";
    case Outcome::Control: return "control";
  }
  return "missed";
}

bool parse_fail_on(std::string_view list, FailOn& out, std::string& bad_word) {
  FailOn parsed{false, false, false, false};
  for (;;) {
    const std::size_t comma = list.find(',');
    const std::string_view word = list.substr(0, comma);
    if (!set_word(word, parsed)) {
      bad_word = word;
      return false;
    }
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  out = parsed;
  return true;
}

std::vector<std::string> verdict(const ReplayReport& report, const FailOn& fail_on) {
  const ReplayTotals& totals = report.totals;
  std::vector<std::string> reasons;
  if (fail_on.miss && totals.missed > 0) {
    reasons.push_back(counted(totals.missed, "request") + " missed: no stub answers");
  }
  if (fail_on.unused && totals.unused > 0) {
    reasons.push_back(counted(totals.unused, "recorded exchange") + " unused: nobody asked");
  }
  if (fail_on.exhausted && totals.exhausted > 0) {
    reasons.push_back(counted(totals.exhausted, "request") +
                      " exhausted: asked more often than recorded");
  }
  if (fail_on.relaxed && totals.relaxed > 0) {
    reasons.push_back(counted(totals.relaxed, "request") + " matched only after a relaxation");
  }
  return reasons;
}

}  // namespace understudy
