#include "ui/cli/command_run.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace understudy {

namespace {

/// What posix_spawn wants: the strings, and pointers to them that end with null.
class PointerList {
 public:
  explicit PointerList(std::vector<std::string> strings) : strings_(std::move(strings)) {
    for (std::string& text : strings_)
      pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  PointerList(const PointerList&) = delete;
  PointerList& operator=(const PointerList&) = delete;
  [[nodiscard]] char** data() { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

std::vector<std::string> environment_with(const std::vector<EnvironmentVariable>& extra) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const EnvironmentVariable& variable : extra)
      replaced |= variable.first == name;
    if (!replaced) all.emplace_back(text);
  }
  for (const EnvironmentVariable& variable : extra) {
    all.push_back(variable.first + "=" + variable.second);
  }
  return all;
}

/// The attributes of the child: default signals under the given mask, and none of our sockets.
class SpawnSettings {
 public:
  explicit SpawnSettings(const sigset_t& mask) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t defaults{};
    sigemptyset(&defaults);
    for (const int ignored_by_us : {SIGPIPE, SIGXFSZ})
      sigaddset(&defaults, ignored_by_us);  // programs rely on them
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setsigmask(&attributes_, &mask);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  [[nodiscard]] const posix_spawn_file_actions_t* files() const { return &files_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

Result<CommandRun> CommandRun::start(std::span<const std::string> words,
                                     const std::vector<EnvironmentVariable>& extra,
                                     const sigset_t& signal_mask) {
  PointerList arguments({words.begin(), words.end()});
  PointerList environment(environment_with(extra));
  const SpawnSettings settings(signal_mask);
  pid_t process = 0;
  const int error = ::posix_spawnp(&process, words.front().c_str(), settings.files(),
                                   settings.attributes(), arguments.data(), environment.data());
  if (error != 0) {
    return std::unexpected(
        Error(ErrorSource::Config, "",
              fmt::format("cannot run '{}': {}", words.front(), std::strerror(error))));
  }
  return CommandRun(process);
}

void CommandRun::send(int signal) const {
  if (!exit_code_) ::kill(process_, signal);
}

std::optional<int> CommandRun::ended() {
  if (exit_code_) return exit_code_;
  int status = 0;
  if (::waitpid(process_, &status, WNOHANG) != process_) return std::nullopt;
  if (WIFEXITED(status)) exit_code_ = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) exit_code_ = 128 + WTERMSIG(status);
  return exit_code_;
}

std::string command_text(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    const bool plain =
        !word.empty() && word.find_first_of(" \t\n'\"\\$`*?&|;<>(){}[]#~!") == std::string::npos;
    if (plain) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word) {
      if (c == '\'') {
        text += "'\\''";
      } else {
        text += c;
      }
    }
    text += '\'';
  }
  return text;
}

}  // namespace understudy
