// Measures what a certificate costs: microseconds to sign a leaf, to find one that is kept, and to
// make the keys; and the memory of a full cache. Not a test; run it by hand: leaf_bench [LEAVES].
#include "protocols/transport/cert_authority.h"
#include "protocols/transport/private_key.h"

#include <fmt/format.h>
#include <malloc.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace understudy {
namespace {

/// Wall-clock microseconds for each of `count` calls.
template <class Work>
double cost(int count, Work work) {
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i)
    work(i);
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
  return took.count() / count;
}

int measure(const std::string& directory, int leaves) {
  const auto opened = CertAuthority::open(directory);
  if (!opened) {
    fmt::print(stderr, "{}\n", describe(opened.error()));
    return 1;
  }
  CertAuthority& authority = **opened;
  std::vector<ServerName> names;
  for (int i = 0; i < leaves; ++i) {
    names.push_back(*ServerName::parse(fmt::format("host{}.example.com", i), ErrorSource::Client));
  }
  bool good = true;
  const auto ask = [&](LeafKind kind) {
    return [&, kind](int i) {
      good = authority.leaf(names[static_cast<std::size_t>(i)], kind).has_value() && good;
    };
  };
  const std::size_t before = mallinfo2().uordblks;
  fmt::print("sign, ECDSA key     {:8.1f} us\n", cost(leaves, ask(LeafKind::Ecdsa)));
  const std::size_t after = mallinfo2().uordblks;
  fmt::print("find a kept leaf    {:8.1f} us\n", cost(leaves, ask(LeafKind::Ecdsa)));
  fmt::print("memory of a leaf    {:8} bytes\n",
             (after - before) / std::min<std::size_t>(names.size(), kDefaultLeafCapacity));
  fmt::print("make an RSA key     {:8.1f} us\n",
             cost(5, [&](int) { good = make_rsa_key({}).has_value() && good; }));
  authority.prepare_rsa();
  ask(LeafKind::Rsa)(0);
  fmt::print("sign, RSA key       {:8.1f} us\n", cost(leaves, ask(LeafKind::Rsa)));
  fmt::print("make an ECDSA key   {:8.1f} us\n",
             cost(1000, [&](int) { good = make_ecdsa_key().has_value() && good; }));
  return good ? 0 : 1;
}

}  // namespace
}  // namespace understudy

int main(int argc, char** argv) {
  const int leaves = argc > 1 ? std::max(1, std::atoi(argv[1])) : 4000;
  std::string directory = (std::filesystem::temp_directory_path() / "leaf-bench-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) return 1;
  const int code = understudy::measure(directory, leaves);
  std::filesystem::remove_all(directory);
  return code;
}
