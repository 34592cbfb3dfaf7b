// Redaction of HTTP messages before they are stored (contract: Recording). Pure, safe on any
// thread.
#pragma once

#include "protocols/content/redactor.h"
#include "protocols/core/bytes.h"

#include <string>

namespace understudy {

/// As Protocol::redact.
[[nodiscard]] std::string redact_http(Side from, Bytes& message, const Redactor& redactor);

/// As Protocol::redact_head. Also takes heads that are cut or malformed.
void redact_http_head(Bytes& head, const Redactor& redactor);

}  // namespace understudy
