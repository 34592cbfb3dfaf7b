#include "ui/cli/log_setup.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <memory>
#include <string>

namespace understudy {

void set_up_log(std::string_view level) {
  auto logger = std::make_shared<spdlog::logger>("understudy",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
  logger->set_level(level.empty() ? spdlog::level::info
                                  : spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::trace);  // standard error is unbuffered anyway
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace understudy
