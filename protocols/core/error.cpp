#include "protocols/core/error.h"

namespace understudy {

std::string_view to_string(ErrorSource source) {
  switch (source) {
    case ErrorSource::Client: return "client";
    case ErrorSource::Upstream: return "upstream";
    case ErrorSource::Store: return "store";
    case ErrorSource::Config: return "configuration";
    case ErrorSource::Environment: return "environment";
    case ErrorSource::Internal: return "understudy";
  }
  return "understudy";
}

std::string describe(const Error& error) {
  return error.where.empty() ? error.what : error.where + ": " + error.what;
}

}  // namespace understudy
