// Rules in words, for `rules` and for the start of `record` and `replay`.
#pragma once

#include "protocols/core/rule.h"

#include <span>
#include <string>
#include <vector>

namespace understudy {

/// "http://api.example.com:80/base"; empty where requests or the kernel say where they go.
[[nodiscard]] std::string upstream_url(const ForwardRule& rule);

/// "http  127.0.0.1:8080 → http://api.example.com:80  (orders)", one for each rule, columns
/// aligned. `upstreams` is empty in replay, else parallel to `rules`; where one is empty, the lines
/// say so in words.
[[nodiscard]] std::vector<std::string> listening_lines(std::span<const ListeningRule> rules,
                                                       std::span<const std::string> upstreams);

/// What a rule will do, one sentence an element; the first names the rule.
[[nodiscard]] std::vector<std::string> rule_sentences(const ForwardRule& rule);

}  // namespace understudy
