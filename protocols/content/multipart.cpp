#include "protocols/content/multipart.h"

#include "protocols/content/media_type.h"

#include <algorithm>

namespace understudy {
namespace {

void read_header(ByteView line, Part& part) {
  const std::size_t colon = line.find(':');
  if (colon == ByteView::npos) return;
  const ByteView name = trim(line.substr(0, colon));
  const ByteView value = trim(line.substr(colon + 1));
  if (equal_ignoring_case(name, "content-disposition")) {
    part.name = parameter(value, "name");
    part.filename = parameter(value, "filename");
  } else if (equal_ignoring_case(name, "content-type")) {
    part.content_type = value;
  }
}

Part read_part(ByteView text) {
  Part part;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const ByteView line = trim(text.substr(0, end));
    text.remove_prefix(end == ByteView::npos ? text.size() : end + 1);
    if (line.empty()) break;
    read_header(line, part);
  }
  part.content = text;
  return part;
}

/// Appends a length before the text, so that no content can look like the next part.
void append_counted(ByteView text, Bytes& out) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

}  // namespace

std::vector<Part> multipart_parts(ByteView content_type, ByteView body) {
  const Bytes boundary = parameter(content_type, "boundary");
  if (boundary.empty()) return {};
  const Bytes delimiter = "--" + boundary;
  std::vector<Part> parts;
  std::size_t at = body.starts_with(delimiter) ? 0 : body.find("\n" + delimiter);
  if (at == ByteView::npos) return {};
  if (at > 0) ++at;
  while (true) {
    at += delimiter.size();
    if (body.substr(at).starts_with("--")) return parts;
    const std::size_t line_end = body.find('\n', at);
    if (line_end == ByteView::npos) return {};
    const std::size_t next = body.find("\n" + delimiter, line_end);
    if (next == ByteView::npos) return {};
    // The line end before a delimiter belongs to the delimiter.
    const std::size_t begin = std::min(line_end + 1, next);
    const std::size_t end = next > begin && body[next - 1] == '\r' ? next - 1 : next;
    parts.push_back(read_part(body.substr(begin, end - begin)));
    at = next + 1;
  }
}

bool append_canonical_multipart(ByteView content_type, ByteView body, Bytes& out) {
  const std::vector<Part> parts = multipart_parts(content_type, body);
  if (parts.empty()) return false;
  for (const Part& part : parts) {
    append_counted(part.name, out);
    append_counted(part.filename, out);
    append_counted(part.content_type, out);
    append_counted(part.content, out);
  }
  return true;
}

}  // namespace understudy
