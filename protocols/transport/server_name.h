// What a server certificate is asked for: a DNS name or an IP address, checked and in one spelling.
// A plain value.
//
//   name   = [ "*." ] label *( "." label ) [ "." ]     at most 253 octets (RFC 1035 §2.3.4)
//   label  = 1*63( letter | digit | "-" | "_" )
//
// Real hosts have underscores (container networks) and hyphens at the ends of labels; browsers take
// both, and so do we. Names of other scripts come as A-labels ("xn--bcher-kva.example", RFC 5890),
// as RFC 6066 §3 asks of SNI. "*" is a whole first label (RFC 6125 §6.4.3).
#pragma once

#include "protocols/core/error.h"

#include <string>
#include <string_view>

namespace understudy {

class ServerName {
 public:
  /// Reads an SNI value, a host of a rule, or an address (IPv6 with or without brackets; a zone,
  /// "%eth0", is dropped: certificates know none). Errors: `blame`, one sentence with the name, cut
  /// when it is long, and what is wrong with it.
  [[nodiscard]] static Result<ServerName> parse(std::string_view text, ErrorSource blame);

  /// Lower case without final dot; an IPv6 address in its shortest form.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_address() const { return !octets_.empty(); }
  [[nodiscard]] bool is_wildcard() const { return text_.starts_with("*."); }
  /// 4 or 16 octets in network order; empty for a name.
  [[nodiscard]] const std::string& octets() const { return octets_; }

  friend bool operator==(const ServerName&, const ServerName&) = default;

 private:
  ServerName(std::string text, std::string octets);
  std::string text_;
  std::string octets_;
};

}  // namespace understudy
