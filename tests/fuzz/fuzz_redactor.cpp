// Redaction of anything: lengths stay, JSON stays JSON, a head stays readable.
#include "protocols/content/json_leaves.h"
#include "protocols/content/redactor.h"
#include "tests/fuzz/protocol_fuzzer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace understudy;
  using understudy::testing::must;
  static const Redactor redactor = [] {
    RedactRules rules;
    rules.headers = {"authorization", "cookie"};
    rules.json_pointers = {"/a", "/b/*", "/c/*/d"};
    rules.patterns = {"pw=(\\w+)", "\\d{4,}"};
    return *Redactor::make(rules, [](ByteView secret) {
      Bytes hash(32, static_cast<char>(secret.size()));
      for (std::size_t i = 0; i < secret.size(); ++i) {
        hash[i % 32] = static_cast<char>(hash[i % 32] * 31 + secret[i]);
      }
      return hash;
    });
  }();
  const Bytes input(reinterpret_cast<const char*>(data), size);
  Bytes json = input;
  redactor.json(json);
  must(json.size() == size);
  must(json_leaves(json, 1).has_value() == json_leaves(input, 1).has_value());
  for (const Side side : {Side::Client, Side::Server}) {
    Bytes head = input;
    find_protocol("http")->redact_head(side, head, redactor);
    must(head.size() == size);
    Bytes message = input;
    static_cast<void>(find_protocol("http")->redact(side, message, redactor));
    must(find_protocol("http")->facts(message, message).status ==
         find_protocol("http")->facts(input, input).status);
  }
  return 0;
}
