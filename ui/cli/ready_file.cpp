#include "ui/cli/ready_file.h"

#include <fmt/format.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

namespace understudy {

namespace {

Error cannot_write(const std::string& path) {
  return {ErrorSource::Environment, path, fmt::format("cannot write: {}", std::strerror(errno))};
}

nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
}

}  // namespace

std::string ready_json(pid_t process, const std::string& ui_url, const std::string& authority,
                       std::span<const ListeningRule> rules) {
  nlohmann::ordered_json proxy, list = nlohmann::ordered_json::array();
  for (const ListeningRule& rule : rules) {
    if (!rule.is_proxy) {
      list.push_back({{"name", rule.name}, {"scheme", rule.scheme}, {"address", rule.address}});
    } else if (proxy.is_null()) {
      proxy = rule.address;
    }
  }
  nlohmann::ordered_json ready{{"pid", process},
                               {"ui", text_or_null(ui_url)},
                               {"proxy", std::move(proxy)},
                               {"ca", text_or_null(authority)},
                               {"rules", std::move(list)}};
  return ready.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<void> forget_ready_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return std::unexpected(cannot_write(path));
}

Result<void> write_file_atomically(const std::string& path, const std::string& content) {
  const std::string beside = fmt::format("{}.{}.tmp", path, ::getpid());
  std::FILE* file = std::fopen(beside.c_str(), "wbe");
  if (file == nullptr) return std::unexpected(cannot_write(path));
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const bool closed = std::fclose(file) == 0;
  if (written && closed && std::rename(beside.c_str(), path.c_str()) == 0) return {};
  Error error = cannot_write(path);
  ::unlink(beside.c_str());
  return std::unexpected(std::move(error));
}

}  // namespace understudy
