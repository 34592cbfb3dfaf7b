// Opening the local web server as --ui and --listen say.
#pragma once

#include "protocols/core/error.h"
#include "ui/cli/arguments.h"
#include "ui/web/web_server.h"

#include <memory>
#include <string>

namespace understudy {

inline constexpr std::uint16_t kDefaultUiPort = 7070;

/// Null: off, by choice or because a COMMAND runs and nothing was said. Where the default port is
/// taken, any free one and a sentence in `notice`. Errors: Environment (the port asked for is
/// taken).
[[nodiscard]] Result<std::unique_ptr<WebServer>> open_local_ui(const UiChoice& choice,
                                                               bool has_command,
                                                               std::string& notice);

}  // namespace understudy
