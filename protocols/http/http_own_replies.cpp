#include "protocols/http/http_own_replies.h"

#include <fmt/format.h>

#include <utility>

namespace understudy {

ByteView reason_phrase(std::uint16_t status) {
  switch (status) {
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 407: return "Proxy Authentication Required";
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

namespace {

/// Fields that a status must have (RFC 9110 §15.5.6, §15.5.8).
ByteView demanded_fields(std::uint16_t status) {
  switch (status) {
    case 405: return "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n";
    case 407: return "Proxy-Authenticate: Basic realm=\"understudy\", charset=\"UTF-8\"\r\n";
    default: return {};
  }
}

}  // namespace

OwnReply own_reply(std::uint16_t status, Bytes text) {
  OwnReply reply;
  reply.head = fmt::format(
      "HTTP/1.1 {} {}\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Length: {}\r\n"
      "{}"
      "Connection: close\r\n\r\n",
      status, reason_phrase(status), text.size(), demanded_fields(status));
  reply.body = std::move(text);
  return reply;
}

OwnReply certificate_reply(ByteView pem) {
  if (pem.empty()) return own_reply(404, "understudy: there is no certificate authority here\n");
  OwnReply reply;
  reply.head = fmt::format(
      "HTTP/1.1 200 OK\r\n"
      "Content-Type: application/x-x509-ca-cert\r\n"
      "Content-Disposition: attachment; filename=\"understudy-ca.pem\"\r\n"
      "Content-Length: {}\r\n"
      "Connection: close\r\n\r\n",
      pem.size());
  reply.body = pem;
  return reply;
}

}  // namespace understudy
