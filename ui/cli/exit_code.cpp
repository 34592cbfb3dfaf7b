#include "ui/cli/exit_code.h"

#include <fmt/format.h>
#include <cstdio>

namespace understudy {

int exit_code(ErrorSource source) {
  switch (source) {
    case ErrorSource::Config: return kExitUsage;
    case ErrorSource::Store: return kExitStore;
    case ErrorSource::Client:
    case ErrorSource::Upstream:
    case ErrorSource::Environment:
    case ErrorSource::Internal: return kExitEnvironment;
  }
  return kExitEnvironment;
}

int report_error(const Error& error) {
  if (error.where.empty()) {
    fmt::print(stderr, "understudy: {}\n", error.what);
  } else {
    fmt::print(stderr, "{}: {}\n", error.where, error.what);
  }
  return exit_code(error.source);
}

}  // namespace understudy
