// What a rule does about TLS and as a forward proxy, in words. Each function appends whole
// sentences. All that is looked up is whether a rule's certificate is a directory of them.
#pragma once

#include "protocols/core/rule.h"

#include <string>
#include <vector>

namespace understudy {

/// What clients are shown: certificates of our authority or of the user's own.
void add_server_words(const ForwardRule& rule, std::vector<std::string>& sentences);
/// Whether upstreams are verified, loud where they are not, and what they are shown.
void add_upstream_words(const TlsSettings& tls, std::vector<std::string>& sentences);
/// Versions and ciphers, where the rule says something about them.
void add_version_words(const ForwardRule& rule, std::vector<std::string>& sentences);
/// What goes through a forward proxy, and who may use it.
void add_proxy_words(const ForwardRule& rule, std::vector<std::string>& sentences);

}  // namespace understudy
