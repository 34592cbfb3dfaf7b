#include "ui/cli/search_terms.h"

#include <utility>

namespace understudy {

std::vector<std::string> search_terms(std::string_view query) {
  std::vector<std::string> terms;
  std::string term;
  bool quoted = false;
  const auto end_term = [&] {
    if (!term.empty()) terms.push_back(std::exchange(term, {}));
  };
  for (const char c : query) {
    if (c == '"') {
      quoted = !quoted;
      if (!quoted) end_term();
    } else if (!quoted && (c == ' ' || c == '\t' || c == '\n')) {
      end_term();
    } else {
      term += c;
    }
  }
  end_term();
  return terms;
}

}  // namespace understudy
