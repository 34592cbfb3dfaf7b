#include "protocols/content/form.h"

#include "protocols/content/percent.h"

#include <algorithm>

namespace understudy {

std::vector<std::pair<Bytes, Bytes>> form_fields(ByteView text) {
  std::vector<std::pair<Bytes, Bytes>> fields;
  while (!text.empty()) {
    const ByteView part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    fields.emplace_back(
        percent_decoded(part.substr(0, equals), true),
        equals == ByteView::npos ? Bytes{} : percent_decoded(part.substr(equals + 1), true));
  }
  return fields;
}

void append_canonical_form(ByteView text, Bytes& out) {
  auto fields = form_fields(text);
  std::sort(fields.begin(), fields.end());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += '&';
    append_percent_encoded(fields[i].first, out);
    out += '=';
    append_percent_encoded(fields[i].second, out);
  }
}

}  // namespace understudy
