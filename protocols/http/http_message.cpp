#include "protocols/http/http_message.h"

#include "protocols/content/codings.h"
#include "protocols/http/http_chunked.h"
#include "protocols/http/http_syntax.h"

#include <algorithm>

namespace understudy {
namespace {

/// Codings applied one over the other. Nobody uses more than two; each costs a pass.
constexpr std::size_t kMaxCodings = 4;

}  // namespace

std::optional<HttpMessage> parse_message(Side from, ByteView bytes) {
  HttpMessage message;
  std::size_t at = 0;
  HeadReader reader(from);
  for (;;) {
    if (reader.read(bytes.substr(at)) != HeadReader::Result::Complete) return std::nullopt;
    message.info = reader.head();
    const bool interim =
        from == Side::Server && message.info.status < 200 && message.info.status != 101;
    if (!interim) break;
    at += message.info.size;
  }
  message.interims = bytes.substr(0, at);
  message.head = bytes.substr(at, message.info.size);
  message.body = bytes.substr(at + message.info.size);
  return message;
}

bool chunk_runs(Side from, ByteView body, std::vector<ByteRange>& runs) {
  ChunkedReader reader;
  reader.start(from);
  std::size_t took = 0;
  const auto result = reader.read(body, took, [&](ByteView run) {
    const auto begin = static_cast<std::uint64_t>(run.data() - body.data());
    runs.push_back({begin, begin + run.size()});
  });
  return result == ChunkedReader::Result::End;
}

std::optional<Bytes> untransferred(Side from, const HttpMessage& message) {
  if (!message.info.has_transfer_encoding) {
    const std::uint64_t length =
        message.info.has_content_length ? message.info.content_length : message.body.size();
    return Bytes(message.body.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(length, message.body.size()))));
  }
  if (message.info.coded_transfer || !message.info.chunked) return std::nullopt;
  std::vector<ByteRange> runs;
  if (!chunk_runs(from, message.body, runs)) return std::nullopt;
  Bytes content;
  content.reserve(message.body.size());
  for (const ByteRange& run : runs)
    content += message.body.substr(run.begin, run.size());
  return content;
}

Bytes content_encoding(const HttpMessage& message) {
  if (message.info.encoding_count <= 1)
    return Bytes(message.info.content_encoding.of(message.head));
  Bytes joined;
  for_each_field(message.head, message.info, [&](ByteView name, HeadRange value, HeadRange) {
    if (!is_named(name, "content-encoding")) return;
    if (!joined.empty()) joined += ',';
    joined += value.of(message.head);
  });
  return joined;
}

std::optional<Bytes> content_of(Side from, const HttpMessage& message) {
  std::optional<Bytes> content = untransferred(from, message);
  // A body that is not there (HEAD, 304) has no coding, whatever its head says.
  if (!content || content->empty() || message.info.encoding_count == 0) return content;
  std::vector<Coding> codings;
  bool known = true;
  const Bytes names = content_encoding(message);
  for_each_member(names, [&](ByteView name) {
    const auto coding = coding_named(name);
    known = known && coding.has_value() && codings.size() < kMaxCodings;
    if (known) codings.push_back(*coding);
  });
  if (!known) return std::nullopt;
  for (auto coding = codings.rbegin(); coding != codings.rend() && content; ++coding) {
    if (*coding != Coding::Identity) content = decode(*coding, *content);
  }
  return content;
}

}  // namespace understudy
