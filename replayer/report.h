// What a replay did, request by request: the JSON report, JUnit, the printed summary and the
// verdict under --fail-on. Plain values.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/time.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// How a request was answered.
enum class Outcome : std::uint8_t {
  Exact,      ///< by a stub whose key equals
  Relaxed,    ///< by a stub after a named relaxation
  Exhausted,  ///< by a stub again, after its last recorded answer
  Missed,     ///< by no stub
  Control,    ///< pings and the like, never matched
};
[[nodiscard]] std::string_view to_string(Outcome outcome);

/// One field in which a live request and a recorded one differ. "" = absent on that side.
struct Difference {
  std::string field, expected, got;
};

/// A recorded request near to one that missed.
struct NearStub {
  std::int64_t exchange = 0;  ///< number within the recording
  std::string label;          ///< "GET /orders/1"
  double distance = 0;        ///< 0 = equal, 1 = nothing in common
  std::vector<Difference> differences;
};

struct ReportedRequest {
  std::uint64_t number = 0;  ///< from 1, in order of arrival
  Timestamp time{};
  std::string service, protocol;
  std::string label;  ///< "GET /orders/1"
  Outcome outcome = Outcome::Missed;
  std::int64_t exchange = 0;  ///< number within the recording; 0 = none
  std::vector<NearStub> nearest;
  std::uint64_t key = 0;  ///< equal for requests of one service that are equal by meaning
};

struct ReplayTotals {
  std::uint64_t exact = 0, relaxed = 0, exhausted = 0, missed = 0, control = 0, unused = 0;
  std::uint64_t outgoing = 0;  ///< outgoing connections attempted: always 0
};

struct ReplayReport {
  std::string recording;
  ReplayTotals totals;
  std::vector<ReportedRequest> requests;   ///< the first kMaxJournal, and every miss up to as many
  std::vector<std::int64_t> unused;        ///< exchange numbers that answered nothing
  std::vector<std::string> unused_labels;  ///< what those were, one for each of `unused`
  std::vector<std::string> not_served;     ///< "12: the client broke off before the reply ended"
  std::uint64_t failed_handshakes = 0;     ///< clients that TLS could not be agreed on with
  bool truncated = false;                  ///< more requests came than are listed; totals count all
};

/// What makes a run negative. Parsed from "miss,unused,exhausted,relaxed" or "all".
struct FailOn {
  bool miss = true, unused = false, exhausted = false, relaxed = false;
};

/// Nothing on a word that is none of these; `bad_word` then holds it.
[[nodiscard]] bool parse_fail_on(std::string_view list, FailOn& out, std::string& bad_word);
/// One line per reason to fail; empty = positive.
[[nodiscard]] std::vector<std::string> verdict(const ReplayReport& report, const FailOn& fail_on);

/// The formats of --report: contract's JSON, and JUnit with one test case per service and request.
[[nodiscard]] Bytes report_json(const ReplayReport& report);
[[nodiscard]] Bytes report_junit(const ReplayReport& report, const FailOn& fail_on);

/// Requests kept one by one; beyond it only totals grow. 100,000 rows are some 30 MiB.
inline constexpr std::size_t kMaxJournal = 100'000;

}  // namespace understudy
