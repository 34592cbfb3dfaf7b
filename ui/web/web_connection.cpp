#include "ui/web/web_connection.h"

#include "ui/web/program_version.h"
#include "ui/web/web_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <string_view>
#include <utility>

namespace understudy {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

using Parser = http::request_parser<http::string_body>;
using Response = http::response<http::string_body>;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

Response to_beast(const WebResponse& answer, unsigned version, bool keep_alive) {
  Response response(static_cast<http::status>(answer.status), version);
  response.set(http::field::server, std::string("understudy/") + std::string(program_version()));
  response.set(http::field::content_type, answer.content_type);
  for (const auto& [name, value] : security_headers())
    response.set(name, value);
  for (const auto& [name, value] : answer.headers)
    response.set(name, value);
  response.body() = answer.body;
  response.keep_alive(keep_alive);
  response.prepare_payload();
  return response;
}

/// The same answer without its body, Content-Length kept (RFC 9110 §9.3.2).
http::response<http::empty_body> head_only(const Response& response) {
  return http::response<http::empty_body>(response.base());
}

WebResponse answer_to(const http::request<http::string_body>& request, const WebRoutes& routes) {
  WebRequest asked;
  asked.method = view(request.method_string());
  asked.target = view(request.target());
  asked.host = view(request[http::field::host]);
  asked.origin = view(request[http::field::origin]);
  asked.fetch_site = view(request["Sec-Fetch-Site"]);
  return routes.respond(asked);
}

/// What a request that cannot be read gets; nothing where nobody waits for an answer.
std::optional<WebResponse> refusal(const ErrorCode& error) {
  if (error == http::error::header_limit) {
    return problem("/", 431, "Request Header Fields Too Large", "a head may have 16 KiB here");
  }
  if (error == http::error::body_limit) {
    return problem("/", 413, "Content Too Large", "nothing here takes a body");
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message) {
    return std::nullopt;
  }
  if (&error.category() == &http::make_error_code(http::error::end_of_stream).category()) {
    return problem("/", 400, "Bad Request", error.message());
  }
  return std::nullopt;
}

/// False: the connection is of no more use.
Task<bool> write_answer(WebStream& stream, Response response, bool body) {
  stream.expires_after(kWebPatience);
  ErrorCode error;
  if (body) {
    auto written = co_await http::async_write(stream, response, asio::as_tuple(use_task));
    error = std::get<0>(written);
  } else {
    auto head = head_only(response);
    auto written = co_await http::async_write(stream, head, asio::as_tuple(use_task));
    error = std::get<0>(written);
  }
  co_return !error && response.keep_alive();
}

/// Reads one request and answers it. False: the connection is over.
Task<bool> serve_one(WebStream& stream, beast::flat_buffer& buffer, const WebRoutes& routes) {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(kMaxWebHeadBytes));
  parser.body_limit(kMaxWebBodyBytes);
  stream.expires_after(kWebPatience);
  auto read = co_await http::async_read(stream, buffer, parser, asio::as_tuple(use_task));
  const ErrorCode error = std::get<0>(read);
  if (error) {
    const std::optional<WebResponse> answer = refusal(error);
    if (!answer) co_return false;
    Response response = to_beast(*answer, 11, false);
    const bool written = co_await write_answer(stream, std::move(response), true);
    co_return written;
  }
  const http::request<http::string_body>& request = parser.get();
  Response response = to_beast(answer_to(request, routes), request.version(), request.keep_alive());
  const bool more =
      co_await write_answer(stream, std::move(response), request.method() != http::verb::head);
  co_return more;
}

}  // namespace

void WebConnections::close_all() {
  for (WebStream* stream : streams_) {
    ErrorCode ignored;
    stream->socket().close(ignored);
  }
}

Task<void> serve_web_connection(Socket socket, const WebRoutes& routes,
                                WebConnections& connections) {
  WebStream stream(std::move(socket));
  const WebConnections::Entry entry(connections, stream);
  beast::flat_buffer buffer;
  bool more = true;
  while (more) {
    more = co_await serve_one(stream, buffer, routes);
  }
  ErrorCode ignored;
  stream.socket().shutdown(Tcp::socket::shutdown_send, ignored);
}

}  // namespace understudy
