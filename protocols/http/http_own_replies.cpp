#include "protocols/http/http_own_replies.h"

#include <fmt/format.h>

#include <utility>

namespace understudy {

ByteView reason_phrase(std::uint16_t status) {
  switch (status) {
    case 400: return "Bad Request";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 508: return "Loop Detected";
    default: return "Error";
  }
}

OwnReply own_reply(std::uint16_t status, Bytes text) {
  OwnReply reply;
  reply.head = fmt::format(
      "HTTP/1.1 {} {}\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Length: {}\r\n"
      "{}"
      "Connection: close\r\n\r\n",
      status, reason_phrase(status), text.size(),
      status == 405 ? "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n" : "");
  reply.body = std::move(text);
  return reply;
}

}  // namespace understudy
