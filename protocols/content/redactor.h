// What must not reach the disk, made ready: header names, JSON pointers, patterns. Immutable after
// make(), safe on all threads.
#pragma once

#include "protocols/content/stand_in.h"
#include "protocols/core/bytes.h"
#include "protocols/core/error.h"
#include "protocols/core/rule.h"

#include <cstddef>
#include <memory>
#include <optional>

namespace understudy {

class Redactor {
 public:
  /// Error (Config) that names the pattern or pointer that cannot be read. `hash` as StandIn says.
  [[nodiscard]] static Result<Redactor> make(const RedactRules& rules, StandIn hash);
  /// The same for a rule, its errors placed where the rule was written. Nothing: it redacts
  /// nothing.
  [[nodiscard]] static Result<std::optional<Redactor>> for_rule(const ForwardRule& rule,
                                                                StandIn hash);

  Redactor(Redactor&&) noexcept;
  Redactor& operator=(Redactor&&) noexcept;
  ~Redactor();

  /// Nothing is to be redacted but codecs' built-in secrets.
  [[nodiscard]] bool empty() const;
  /// The values of this header field are secrets. Any case.
  [[nodiscard]] bool redacts_header(ByteView name) const;
  /// A body may hold secrets: it must be looked into before it is stored.
  [[nodiscard]] bool touches_body() const;

  /// Replaces `size` bytes in place (see replace_secret).
  void stand_in(char* begin, std::size_t size) const;
  /// Replaces what the patterns match, anywhere in `bytes`: group 1, or the whole match. The length
  /// stays. Returns whether anything was replaced.
  bool patterns(Bytes& bytes) const;
  /// Replaces what the pointers name in a JSON text; strings and numbers, `true`, `false` and
  /// `null` tell nothing and stay. The length stays. False: nothing there, or not JSON.
  bool json(Bytes& text) const;

 private:
  struct Rules;
  explicit Redactor(std::unique_ptr<const Rules> rules);

  std::unique_ptr<const Rules> rules_;
};

}  // namespace understudy
