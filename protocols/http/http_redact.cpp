#include "protocols/http/http_redact.h"

#include "protocols/content/media_type.h"
#include "protocols/http/http_message.h"
#include "protocols/http/http_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace understudy {
namespace {

/// Bytes of a head that no redaction may change, or it could not be read again.
struct Kept {
  std::size_t offset = 0;
  Bytes bytes;
};

bool frames(ByteView name) {
  return is_named(name, "content-length") || is_named(name, "transfer-encoding") ||
         is_named(name, "content-encoding") || is_named(name, "connection");
}

/// Visits the lines of anything that may be a head, whole or not: name (empty in the first line
/// and in continuations), and the offsets of its value.
template <class Visit>
void for_each_line(ByteView head, Visit&& visit) {
  ByteView name;
  bool first = true;
  for (std::size_t at = 0; at < head.size();) {
    std::size_t end = std::min(head.find('\n', at), head.size());
    const ByteView line = head.substr(at, end - at);
    if (!first && line.starts_with('\r') && end < head.size()) return;
    const bool fold = line.starts_with(' ') || line.starts_with('\t');
    const std::size_t colon = line.find(':');
    if (first) {
      visit(ByteView(), at, end);
      first = trim(line).empty();  // empty lines before a request
    } else if (fold) {
      visit(name, at, end);
    } else if (colon != ByteView::npos) {
      name = trim(line.substr(0, colon));
      visit(name, at + colon + 1, end);
    }
    at = end + 1;
  }
}

/// Redacts in [0, head_size) of `bytes`.
void redact_lines(Bytes& head, const Redactor& redactor) {
  std::vector<Kept> kept;
  for_each_line(head, [&](ByteView name, std::size_t begin, std::size_t end) {
    if (name.empty()) {
      // The version at the end of a request line, or at the front of a status line with its status.
      const ByteView line = ByteView(head).substr(begin, end - begin);
      const std::size_t version = line.find("HTTP/");
      if (version != ByteView::npos)
        kept.push_back({begin + version, Bytes(line.substr(version, 12))});
      const std::size_t method = line.find(' ');
      if (method != ByteView::npos) kept.push_back({begin, Bytes(line.substr(0, method))});
    } else if (frames(name)) {
      const std::size_t line = begin - name.size() - 1;
      kept.push_back({line, head.substr(line, end - line)});
    }
  });
  redactor.patterns(head);
  for (const Kept& part : kept)
    head.replace(part.offset, part.bytes.size(), part.bytes);
  std::vector<ByteRange> secrets;
  for_each_line(head, [&](ByteView name, std::size_t begin, std::size_t end) {
    if (name.empty() || frames(name) || !redactor.redacts_header(name)) return;
    const ByteView value = trim(ByteView(head).substr(begin, end - begin));
    if (value.empty()) return;
    const auto at = static_cast<std::size_t>(value.data() - head.data());
    secrets.push_back({at, at + value.size()});
  });
  for (const ByteRange& secret : secrets) {
    redactor.stand_in(head.data() + secret.begin, secret.size());
  }
}

bool redact_content(Bytes& content, BodyKind kind, const Redactor& redactor) {
  const bool json = kind == BodyKind::Json && redactor.json(content);
  return redactor.patterns(content) || json;
}

/// Chunks stay where they are: content keeps its length, so it goes back into them.
void put_back_into_chunks(Bytes& body, const std::vector<ByteRange>& runs, ByteView content) {
  for (const ByteRange& run : runs) {
    body.replace(run.begin, run.size(), content.substr(0, run.size()));
    content.remove_prefix(run.size());
  }
}

/// The head for a body that is stored without its codings.
Bytes decoded_head(const HttpMessage& message, std::size_t length) {
  Bytes head(message.head.substr(0, message.info.fields));
  for_each_field(message.head, message.info, [&](ByteView name, HeadRange, HeadRange line) {
    if (is_named(name, "content-encoding") || is_named(name, "transfer-encoding") ||
        is_named(name, "content-length") || is_named(name, "trailer")) {
      return;
    }
    head += line.of(message.head);
  });
  return head + fmt::format("Content-Length: {}\r\n\r\n", length);
}

std::string redact_body(Side from, Bytes& bytes, const Redactor& redactor) {
  const auto message = parse_message(from, bytes);
  if (!message || message->body.empty()) return {};
  const std::size_t body_at = bytes.size() - message->body.size();
  const BodyKind kind = body_kind(message->info.content_type.of(message->head));
  Bytes body(message->body);
  if (!is_coded(*message)) {
    if (redact_content(body, kind, redactor)) bytes.replace(body_at, Bytes::npos, body);
    return {};
  }
  std::optional<Bytes> content = content_of(from, *message);
  if (!content) {
    const std::size_t size = body.size();
    bytes.resize(body_at);
    return fmt::format("body of {} bytes not stored: it could not be decoded for redaction", size);
  }
  if (!redact_content(*content, kind, redactor)) return {};
  std::vector<ByteRange> runs;
  if (message->info.encoding_count == 0 && chunk_runs(from, body, runs)) {
    put_back_into_chunks(body, runs, *content);
    bytes.replace(body_at, Bytes::npos, body);
    return {};
  }
  Bytes stored(message->interims);
  stored += decoded_head(*message, content->size());
  stored += *content;
  bytes = std::move(stored);
  return "body stored decoded for redaction";
}

}  // namespace

void redact_http_head(Bytes& head, const Redactor& redactor) {
  if (!redactor.empty()) redact_lines(head, redactor);
}

std::string redact_http(Side from, Bytes& message, const Redactor& redactor) {
  if (redactor.empty()) return {};
  const auto parsed = parse_message(from, message);
  // What is no whole head is treated as one, so that no secret of it gets through.
  const std::size_t head_end = parsed ? message.size() - parsed->body.size() : message.size();
  std::size_t at = 0;
  while (at < head_end) {
    std::size_t end = head_end;
    if (parsed && at < parsed->interims.size()) {
      HeadReader reader(from);
      if (reader.read(ByteView(message).substr(at)) == HeadReader::Result::Complete) {
        end = at + reader.head().size;
      }
    }
    Bytes head = message.substr(at, end - at);
    redact_lines(head, redactor);
    message.replace(at, end - at, head);
    at = end;
  }
  return redactor.touches_body() ? redact_body(from, message, redactor) : std::string();
}

}  // namespace understudy
