#include "replayer/journal.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

/// Misses that get a line of their own in the log; a client that loops must not fill a disk.
constexpr std::uint64_t kMaxLoggedMisses = 1'000;

void log_miss(const MissedRow& row) {
  std::string nearest;
  for (const NearStub& near : row.nearest) {
    nearest += fmt::format("{}{}:{:.3f}", nearest.empty() ? "" : ",", near.exchange, near.distance);
  }
  spdlog::warn("replay session={} service={} miss=\"{}\" nearest={}", row.session,
               row.service->name, row.label, nearest.empty() ? "none" : nearest);
}

ReportedRequest reported(const AnsweredRow& row) {
  ReportedRequest request;
  request.number = row.number;
  request.time = row.time;
  request.service = row.service->name;
  request.protocol = row.service->protocol;
  request.label = *row.label;
  request.outcome = row.outcome;
  request.exchange = *row.exchange;
  request.key = row.key;
  return request;
}

ReportedRequest reported(const MissedRow& row) {
  ReportedRequest request;
  request.number = row.number;
  request.time = row.time;
  request.service = row.service->name;
  request.protocol = row.service->protocol;
  request.label = row.label;
  request.nearest = row.nearest;
  request.key = row.key;
  return request;
}

ReportedRequest reported(const ControlRow& row) {
  ReportedRequest request;
  request.number = row.number;
  request.time = row.time;
  request.service = row.service->name;
  request.protocol = row.service->protocol;
  request.label = row.label;
  request.outcome = Outcome::Control;
  return request;
}

}  // namespace

Journal::Journal(std::size_t workers) {
  for (std::size_t i = 0; i < workers; ++i) {
    lanes_.push_back(std::make_unique<Lane>(last_number_, misses_kept_));
  }
}

Journal::~Journal() = default;

void Journal::Lane::count(Outcome outcome) {
  std::atomic<std::uint64_t>& total = totals_[static_cast<std::size_t>(outcome)];
  total.store(total.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Journal::Lane::answered(AnsweredRow row) {
  count(row.outcome);
  row.number = last_number_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (row.number > kMaxJournal) return;
  const std::lock_guard lock(mutex_);
  answered_.push_back(row);
}

void Journal::Lane::missed(MissedRow row) {
  count(Outcome::Missed);
  row.number = last_number_.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::uint64_t before = misses_kept_.fetch_add(1, std::memory_order_relaxed);
  if (before < kMaxLoggedMisses) log_miss(row);
  if (before == kMaxLoggedMisses) spdlog::warn("replay further misses are counted, not logged");
  if (before >= kMaxJournal) return;
  if (before >= kMaxExplainedMisses) row.nearest = {};
  const std::lock_guard lock(mutex_);
  missed_.push_back(std::move(row));
}

void Journal::Lane::control(ControlRow row) {
  count(Outcome::Control);
  row.number = last_number_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (row.number > kMaxJournal) return;
  const std::lock_guard lock(mutex_);
  control_.push_back(std::move(row));
}

ReplayTotals Journal::totals() const {
  const auto total = [this](Outcome outcome) {
    std::uint64_t sum = 0;
    for (const auto& lane : lanes_) {
      sum += lane->totals_[static_cast<std::size_t>(outcome)].load(std::memory_order_relaxed);
    }
    return sum;
  };
  ReplayTotals totals;
  totals.exact = total(Outcome::Exact);
  totals.relaxed = total(Outcome::Relaxed);
  totals.exhausted = total(Outcome::Exhausted);
  totals.missed = total(Outcome::Missed);
  totals.control = total(Outcome::Control);
  return totals;
}

void Journal::fill(ReplayReport& report) const {
  report.totals = totals();
  for (const auto& lane : lanes_) {
    const std::lock_guard lock(lane->mutex_);
    for (const AnsweredRow& row : lane->answered_)
      report.requests.push_back(reported(row));
    for (const MissedRow& row : lane->missed_)
      report.requests.push_back(reported(row));
    for (const ControlRow& row : lane->control_)
      report.requests.push_back(reported(row));
  }
  std::ranges::sort(report.requests, {}, &ReportedRequest::number);
  report.truncated = last_number_.load(std::memory_order_relaxed) > report.requests.size();
}

}  // namespace understudy
