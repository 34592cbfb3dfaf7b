// The local web server: one listener on a loopback address, one thread of its own, so that a slow
// page never holds up a relay. What it answers is decided in web_routes.h.
//
// Used by one thread; connections live on the server's own.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"
#include "ui/web/service_info.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace understudy {

/// A browser opens six; monitoring a few more. Others are closed at once.
inline constexpr std::size_t kMaxWebConnections = 64;
/// Head of a request: our own are under 1 KiB, cookies of other local servers come along.
inline constexpr std::size_t kMaxWebHeadBytes = std::size_t{16} * 1024;
/// Nothing here takes a body; a small one is read and dropped so that the answer arrives.
inline constexpr std::size_t kMaxWebBodyBytes = std::size_t{64} * 1024;
/// For a whole request to come, an idle connection included, and for an answer to leave.
inline constexpr std::chrono::seconds kWebPatience{15};

class WebServer {
 public:
  /// Binds; answers nothing before start(). `at` is a loopback address or "localhost". Errors:
  /// Environment (port taken).
  static Result<std::unique_ptr<WebServer>> open(const Endpoint& at);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  /// "http://127.0.0.1:7070/".
  [[nodiscard]] std::string url() const;
  /// Answers from now on. Call once.
  void start(InfoSource info);
  /// Closes everything. Safe to call again.
  void stop();

 private:
  class State;
  explicit WebServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace understudy
