// The JSON scanner: canonical text must be stable, leaves must lie inside the document.
#include "protocols/content/json_canonical.h"
#include "protocols/content/json_leaves.h"
#include "tests/fuzz/protocol_fuzzer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace understudy;
  using understudy::testing::must;
  const ByteView text(reinterpret_cast<const char*>(data), size);
  Bytes canonical;
  const bool valid = append_canonical_json(text, canonical);
  const auto leaves = json_leaves(text, 1000);
  must(valid == leaves.has_value());
  if (!leaves) return 0;
  for (const JsonLeaf& leaf : *leaves) {
    must(leaf.range.begin <= leaf.range.end && leaf.range.end <= size);
    must(parse_json_pointer(leaf.pointer).has_value());
  }
  return 0;
}
