#include "ui/cli/exchange_json.h"

#include "protocols/content/base64.h"
#include "protocols/content/hex.h"
#include "protocols/registry.h"
#include "ui/cli/line_json.h"
#include "ui/cli/tls_view.h"

#include <nlohmann/json.hpp>
#include <span>

namespace understudy {

namespace {

using nlohmann::ordered_json;

void put_body(ordered_json& out, ByteView body) {
  if (is_text(body)) {
    out["body"] = body;
  } else {
    out["body_base64"] = base64_text(body);
  }
}

ordered_json edits_json(std::span<const Edit> edits) {
  ordered_json list = ordered_json::array();
  for (const Edit& edit : edits) {
    list.push_back(
        {{"offset", edit.offset}, {"old_bytes", edit.old_size}, {"new", edit.replacement}});
  }
  return list;
}

ordered_json message_json(Side side, ByteView bytes, std::uint64_t full_size,
                          std::span<const Edit> edits, const Protocol* protocol) {
  ordered_json out{{"bytes", full_size}, {"truncated", bytes.size() < full_size}};
  const auto detail = protocol == nullptr ? std::nullopt : protocol->detail(side, bytes);
  if (detail) {
    ordered_json headers = ordered_json::array();
    for (const auto& [name, value] : detail->headers) {
      headers.push_back(ordered_json::array({name, value}));
    }
    out["headers"] = std::move(headers);
    put_body(out, detail->body);
    out["body_decoded"] = detail->body_decoded;
  } else {
    out["headers"] = nullptr;
    put_body(out, bytes);
    out["body_decoded"] = true;
  }
  out["edits"] = edits_json(edits);
  return out;
}

}  // namespace

ordered_json exchange_json(const ExchangeLine& line, const RecordedExchange& exchange,
                           const RecordedTls* tls) {
  const Protocol* protocol = find_protocol(exchange.protocol);
  ordered_json out = line_json(line);
  out["opener"] = exchange.opener == Side::Client ? "client" : "server";
  out["upstream_tls"] = tls == nullptr ? ordered_json() : tls_json(*tls);
  ordered_json chunks = ordered_json::array();
  for (const Chunk& chunk : exchange.chunks) {
    chunks.push_back({{"from", chunk.from == Side::Client ? "client" : "server"},
                      {"bytes", chunk.size},
                      {"after_ms", static_cast<double>(chunk.after.count()) / 1000}});
  }
  out["chunks"] = std::move(chunks);
  out["request"] = message_json(Side::Client, exchange.request, exchange.request_size,
                                exchange.request_edits, protocol);
  out["response"] = message_json(Side::Server, exchange.reply, exchange.reply_size,
                                 exchange.reply_edits, protocol);
  return out;
}

}  // namespace understudy
