#include "replayer/matcher/nearest.h"

#include "replayer/matcher/field_distance.h"
#include "replayer/matcher/text_similarity.h"
#include "replayer/report_rows.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <tuple>
#include <utility>

namespace understudy {

namespace {

using Json = nlohmann::ordered_json;

struct Candidate {
  float similarity;
  std::uint32_t size_gap;  ///< among equal labels (one path, many bodies) the size tells
  std::uint32_t stub;
  [[nodiscard]] auto rank() const { return std::tuple(-similarity, size_gap, stub); }
};

std::uint32_t gap(std::size_t a, std::size_t b) {
  constexpr std::size_t kMost = 0xFFFF'FFFF;
  return static_cast<std::uint32_t>(std::min(a > b ? a - b : b - a, kMost));
}

void keep_counting(std::vector<Field>& fields) {
  std::erase_if(fields, [](const Field& field) { return !field.in_key; });
}

/// Leaves the kMaxNearest with the least distance; among equals those that stood first.
void keep_nearest(std::vector<NearStub>& near) {
  std::vector<std::size_t> order(near.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::tuple(near[i].distance, i); });
  std::vector<NearStub> kept;
  for (const std::size_t i : order) {
    if (kept.size() == kMaxNearest) break;
    kept.push_back(std::move(near[i]));
  }
  near = std::move(kept);
}

}  // namespace

NearestStubs::NearestStubs(const Protocol& protocol, const ExchangeIndex& index)
    : protocol_(protocol), index_(index) {
  label_ends_.reserve(index.firsts().size());
  for (const std::uint32_t stub : index.firsts()) {
    labels_ += index.stubs()[stub].label;
    label_ends_.push_back(static_cast<std::uint32_t>(labels_.size()));
  }
}

std::vector<std::uint32_t> NearestStubs::preselect(ByteView label, std::size_t size) const {
  std::vector<Candidate> best;  // a heap: the worst of the best in front
  const auto better = [](const Candidate& a, const Candidate& b) { return a.rank() < b.rank(); };
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < label_ends_.size(); ++i) {
    const ByteView other = ByteView(labels_).substr(begin, label_ends_[i] - begin);
    begin = label_ends_[i];
    const auto alike = static_cast<float>(similarity(label, other));
    const bool full = best.size() == kMaxNearCandidates;
    if (full && alike < best.front().similarity) continue;
    const std::uint32_t stub = index_.firsts()[i];
    const Candidate candidate{alike, gap(size, index_.stubs()[stub].request.size()), stub};
    if (full && !better(candidate, best.front())) continue;
    if (full) {
      std::ranges::pop_heap(best, better);
      best.pop_back();
    }
    best.push_back(candidate);
    std::ranges::push_heap(best, better);
  }
  std::ranges::sort_heap(best, better);
  std::vector<std::uint32_t> stubs;
  for (const Candidate& candidate : best)
    stubs.push_back(candidate.stub);
  return stubs;
}

/// The fields that count, the place in front.
std::vector<Field> NearestStubs::fields(ByteView request, ByteView place) const {
  std::vector<Field> fields = protocol_.fields(Side::Client, request);
  keep_counting(fields);
  if (!place.empty()) fields.insert(fields.begin(), Field{"place", std::string(place)});
  return fields;
}

MissExplanation NearestStubs::explain(ByteView label, ByteView request, ByteView place) const {
  MissExplanation miss;
  miss.request = fields(request, place);
  for (const std::uint32_t position : preselect(label, request.size())) {
    const Stub& stub = index_.stubs()[position];
    FieldDistance apart = field_distance(fields(stub.request, stub.place), miss.request);
    NearStub near;
    near.exchange = stub.number;
    near.label = stub.label;
    near.distance = apart.distance;
    near.differences = std::move(apart.differences);
    miss.nearest.push_back(std::move(near));
  }
  keep_nearest(miss.nearest);
  return miss;
}

MissExplanation NearestStubs::used_up(ByteView request, ByteView place, std::int64_t track) const {
  MissExplanation miss;
  miss.request = fields(request, place);
  const ExchangeIndex::Track& answers = index_.tracks()[static_cast<std::size_t>(track)];
  const Stub& last = index_.stubs()[index_.answer(answers, answers.count - 1)];
  NearStub near;
  near.exchange = last.number;
  near.label = last.label;
  near.differences.push_back({"repeats", std::to_string(answers.count) + " recorded", "one more"});
  miss.nearest.push_back(std::move(near));
  return miss;
}

std::string request_label(const Protocol& protocol, ByteView request, ByteView place) {
  OwnedFacts facts = protocol.facts(request, {});
  if (facts.method.empty() && facts.resource.empty()) return "(not readable)";
  facts.resource.insert(0, place);
  if (facts.method.empty()) return shown(facts.resource);
  return shown(facts.resource.empty() ? facts.method : facts.method + " " + facts.resource);
}

Bytes miss_json(const MissExplanation& miss) {
  Json request = Json::object();
  for (const Field& field : miss.request) {
    Json& value = request[field.name];
    if (value.is_null()) {
      value = shown(field.value);
    } else {  // a repeated name: all of its values
      if (!value.is_array()) value = Json::array({value});
      value.push_back(shown(field.value));
    }
  }
  Json report = Json::object();
  report["request"] = std::move(request);
  report["nearest"] = near_stubs_json(miss.nearest);
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace understudy
