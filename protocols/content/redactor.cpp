#include "protocols/content/redactor.h"

#include "protocols/content/json_leaves.h"
#include "protocols/content/media_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <re2/re2.h>

namespace understudy {

struct Redactor::Rules {
  StandIn hash;
  std::vector<std::string> headers;
  std::vector<JsonPattern> pointers;
  std::vector<std::unique_ptr<RE2>> patterns;
};

namespace {

/// Replaces every match of one pattern.
bool replace_matches(const RE2& pattern, const StandIn& hash, Bytes& bytes) {
  // The secrets are found before any is replaced, so that no stand-in can be matched in turn.
  std::vector<ByteRange> secrets;
  const int groups = pattern.NumberOfCapturingGroups() > 0 ? 2 : 1;
  const re2::StringPiece text(bytes.data(), bytes.size());
  std::array<re2::StringPiece, 2> found;
  for (std::size_t at = 0; at <= bytes.size();) {
    if (!pattern.Match(text, at, bytes.size(), RE2::UNANCHORED, found.data(), groups)) break;
    const auto begin = static_cast<std::size_t>(found[0].data() - bytes.data());
    const re2::StringPiece secret = found[groups == 2 ? 1 : 0];
    if (!secret.empty()) {
      const auto from = static_cast<std::size_t>(secret.data() - bytes.data());
      secrets.push_back({from, from + secret.size()});
    }
    at = std::max(begin + found[0].size(), begin + (found[0].empty() ? 1 : 0));
  }
  for (const ByteRange& secret : secrets) {
    replace_secret(hash, bytes.data() + secret.begin, secret.size());
  }
  return !secrets.empty();
}

}  // namespace

Redactor::Redactor(std::unique_ptr<const Rules> rules) : rules_(std::move(rules)) {}
Redactor::Redactor(Redactor&&) noexcept = default;
Redactor& Redactor::operator=(Redactor&&) noexcept = default;
Redactor::~Redactor() = default;

Result<std::optional<Redactor>> Redactor::for_rule(const ForwardRule& rule, StandIn hash) {
  if (rule.redact.empty()) return std::nullopt;
  Result<Redactor> redactor = make(rule.redact, std::move(hash));
  if (redactor) return std::move(*redactor);
  Error error = std::move(redactor.error());
  error.where = rule.written_at;
  return std::unexpected(std::move(error));
}

Result<Redactor> Redactor::make(const RedactRules& rules, StandIn hash) {
  auto made = std::make_unique<Rules>();
  made->hash = std::move(hash);
  made->headers = rules.headers;
  for (const std::string& pointer : rules.json_pointers) {
    auto pattern = parse_json_pointer(pointer);
    if (!pattern) {
      return std::unexpected(
          Error(ErrorSource::Config, {},
                fmt::format("redact json=\"{}\": expected a JSON pointer such as /card/number",
                            pointer)));
    }
    made->pointers.push_back(*std::move(pattern));
  }
  for (const std::string& text : rules.patterns) {
    RE2::Options options;
    options.set_log_errors(false);
    auto pattern = std::make_unique<RE2>(text, options);
    if (!pattern->ok()) {
      return std::unexpected(
          Error(ErrorSource::Config, {},
                fmt::format("redact pattern=\"{}\": {}, expected an RE2 regular expression", text,
                            pattern->error())));
    }
    made->patterns.push_back(std::move(pattern));
  }
  return Redactor(std::move(made));
}

bool Redactor::empty() const {
  return rules_->headers.empty() && !touches_body();
}

bool Redactor::redacts_header(ByteView name) const {
  return std::any_of(rules_->headers.begin(), rules_->headers.end(),
                     [&](const std::string& header) { return equal_ignoring_case(header, name); });
}

bool Redactor::touches_body() const {
  return !rules_->pointers.empty() || !rules_->patterns.empty();
}

void Redactor::stand_in(char* begin, std::size_t size) const {
  replace_secret(rules_->hash, begin, size);
}

bool Redactor::patterns(Bytes& bytes) const {
  bool replaced = false;
  for (const auto& pattern : rules_->patterns) {
    replaced = replace_matches(*pattern, rules_->hash, bytes) || replaced;
  }
  return replaced;
}

bool Redactor::json(Bytes& text) const {
  if (rules_->pointers.empty()) return false;
  const auto places = json_places(text, rules_->pointers);
  if (!places) return false;
  bool replaced = false;
  for (const JsonPlace& place : *places) {
    char* begin = text.data() + place.range.begin;
    if (place.kind == JsonKind::String) {
      replace_secret_in_json_string(rules_->hash, begin, place.range.size());
    } else if (place.kind == JsonKind::Number) {
      replace_secret_in_json_number(rules_->hash, begin, place.range.size());
    } else {
      continue;
    }
    replaced = true;
  }
  return replaced;
}

}  // namespace understudy
