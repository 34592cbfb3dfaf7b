#include "ui/cli/local_ui.h"

#include <fmt/format.h>

namespace understudy {

Result<std::unique_ptr<WebServer>> open_local_ui(const UiChoice& choice, bool has_command,
                                                 std::string& notice) {
  if (choice.kind == UiChoice::Kind::At) {
    Result<std::unique_ptr<WebServer>> server = WebServer::open(choice.at);
    if (server) return server;
    Error error = server.error();
    error.where = "--ui " + error.where;
    return std::unexpected(std::move(error));
  }
  if (choice.kind == UiChoice::Kind::Off || has_command) return nullptr;
  Result<std::unique_ptr<WebServer>> server = WebServer::open({"127.0.0.1", kDefaultUiPort});
  if (server) return server;
  notice = fmt::format("port {} is taken, so the status page is elsewhere", kDefaultUiPort);
  return WebServer::open({"127.0.0.1", 0});
}

}  // namespace understudy
