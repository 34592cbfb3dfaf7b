#include "replayer/rule_pairing.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace understudy {

namespace {

/// Perhaps with "-2": what rules are called that have no name. Proxies never have one.
bool is_made_name(const ForwardRule& rule) {
  if (rule.proxy) return true;
  const std::string made = rule.transparent ? rule.client_scheme + "-transparent"
                                            : fmt::format("{}-{}-{}", rule.upstream_scheme,
                                                          rule.upstream.host, rule.upstream.port);
  if (!rule.name.starts_with(made)) return false;
  std::string_view rest = std::string_view(rule.name).substr(made.size());
  if (rest.empty()) return true;
  rest.remove_prefix(1);
  return rule.name[made.size()] == '-' && !rest.empty() &&
         rest.find_first_not_of("0123456789") == std::string_view::npos;
}

bool same_ends(const ForwardRule& a, const ForwardRule& b) {
  if (a.proxy || b.proxy) return a.proxy && b.proxy && a.proxy->by_host == b.proxy->by_host;
  return a.transparent == b.transparent && a.client_scheme == b.client_scheme &&
         a.upstream_scheme == b.upstream_scheme && a.upstream == b.upstream;
}

/// "http to https://api.example.com:443".
std::string ends_text(const ForwardRule& rule) {
  if (rule.proxy) return rule.proxy->by_host ? "forward proxy by Host" : "forward proxy";
  if (rule.transparent) return rule.client_scheme + ", transparent";
  return fmt::format("{} to {}://{}", rule.client_scheme, rule.upstream_scheme,
                     to_string(rule.upstream));
}

Error no_counterpart(const ForwardRule& rule, const Recording& recording) {
  std::string list;
  for (const RecordedRule& recorded : recording.rules) {
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", recorded.rule.name,
                        ends_text(recorded.rule));
  }
  return {ErrorSource::Config, rule.written_at,
          fmt::format("nothing was recorded for rule {} ({}); recording {} has: {}", rule.name,
                      ends_text(rule), recording.name, list.empty() ? "no rules" : list)};
}

class Pairing {
 public:
  explicit Pairing(const Recording& recording) : recording_(recording) {}

  Result<const RecordedRule*> counterpart(const ForwardRule& rule) {
    const RecordedRule* found =
        is_made_name(rule)
            ? take([&](const ForwardRule& known) { return same_ends(known, rule); })
            : take([&](const ForwardRule& known) { return known.name == rule.name; });
    if (found == nullptr) return std::unexpected(no_counterpart(rule, recording_));
    if (found->rule.protocol != rule.protocol) {
      return std::unexpected(
          Error(ErrorSource::Config, rule.written_at,
                fmt::format("rule {} was recorded as {} and cannot be served as {}", rule.name,
                            found->rule.client_scheme, rule.client_scheme)));
    }
    return found;
  }

 private:
  template <class Wanted>
  const RecordedRule* take(const Wanted& wanted) {
    for (const RecordedRule& recorded : recording_.rules) {
      if (!wanted(recorded.rule) || std::ranges::find(taken_, recorded.id) != taken_.end())
        continue;
      taken_.push_back(recorded.id);
      return &recorded;
    }
    return nullptr;
  }

  const Recording& recording_;
  std::vector<std::int64_t> taken_;
};

}  // namespace

Result<std::vector<RulePair>> pair_rules(const Recording& recording,
                                         std::vector<ForwardRule> served) {
  std::vector<RulePair> pairs;
  if (served.empty()) {
    for (const RecordedRule& recorded : recording.rules)
      pairs.push_back({recorded.rule, &recorded});
    return pairs;
  }
  Pairing pairing(recording);
  std::vector<const RecordedRule*> found(served.size(), nullptr);
  // Names first: a rule that was found by its ends must not take what another one names.
  for (const bool made_names : {false, true}) {
    for (std::size_t i = 0; i < served.size(); ++i) {
      if (is_made_name(served[i]) != made_names) continue;
      const Result<const RecordedRule*> recorded = pairing.counterpart(served[i]);
      if (!recorded) return std::unexpected(recorded.error());
      found[i] = *recorded;
    }
  }
  for (std::size_t i = 0; i < served.size(); ++i) {
    pairs.push_back({std::move(served[i]), found[i]});
  }
  return pairs;
}

}  // namespace understudy
