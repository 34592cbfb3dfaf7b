// An XML file as UTF-8 text, whatever it was saved in, so that offsets of a parser are offsets of
// this text and give line numbers. No state.
#pragma once

#include "protocols/core/error.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace understudy {

/// A configuration is written by hand; what is longer was named by mistake.
inline constexpr std::size_t kMaxXmlBytes = std::size_t{4} * 1024 * 1024;

/// Reads a file. A byte order mark (XML 1.0 appendix F) or the declaration names the encoding:
/// UTF-8, UTF-16 or ISO-8859-1. Errors: Config (not readable, too long).
[[nodiscard]] Result<std::string> read_xml_text(const std::string& path);

/// Line of an offset, from 1.
[[nodiscard]] std::size_t line_at(std::string_view text, std::ptrdiff_t offset);

}  // namespace understudy
