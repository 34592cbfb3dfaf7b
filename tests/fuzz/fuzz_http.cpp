#include "tests/fuzz/protocol_fuzzer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return understudy::testing::fuzz_protocol("http", data, size);
}
