// A replayer over real sockets that has a certificate authority of its own.
#pragma once

#include "protocols/transport/cert_authority.h"
#include "tests/unit/replayer/replayer_fixture.h"
#include "tests/unit/replayer/tls_client.h"

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

namespace understudy::test {

class TlsReplayerTest : public ReplayerTest {
 protected:
  TlsReplayerTest() {
    std::string name = (std::filesystem::temp_directory_path() / "replay-tls-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    auto opened = CertAuthority::open((folder_ / "ca").string());
    if (!opened) {
      ADD_FAILURE() << describe(opened.error());
      return;
    }
    options_.authority = std::move(*opened);
  }
  ~TlsReplayerTest() override {
    replayer_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] X509* root() const { return options_.authority->root(); }

  std::filesystem::path folder_;
  ReplayOptions options_;
};

}  // namespace understudy::test
