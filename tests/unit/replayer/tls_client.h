// A blocking client that can speak TLS, also within TLS, and tells how it judges the certificate.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <memory>
#include <string>
#include <string_view>

#include "tests/support/loopback.h"

namespace understudy::test {

class TlsClient {
 public:
  /// `address`: "127.0.0.1:8080"; `root`: what it trusts.
  TlsClient(const std::string& address, X509* root)
      : peer_(testing::Peer::connect(
            static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))))),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        top_(BIO_new_socket(peer_.fd(), BIO_NOCLOSE)) {
    const timeval patience{testing::kPatienceMs / 1000, 0};
    ::setsockopt(peer_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), root);
    // A server that just closes is as good as one that says so.
    SSL_CTX_set_options(context_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  }
  ~TlsClient() { BIO_free_all(top_); }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// Speaks TLS from now on, expecting a certificate for `expected`, a name or an address. Returns
  /// how it judges that: "ok", or OpenSSL's reason; or that there was no handshake. `server_name`:
  /// what it asks for (SNI), empty = nothing.
  std::string secure(const std::string& expected, const std::string& server_name) {
    BIO* layer = BIO_new_ssl(context_.get(), 1);
    SSL* ssl = nullptr;
    BIO_get_ssl(layer, &ssl);
    if (!server_name.empty()) {
      std::string name = server_name;
      SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    }
    X509_VERIFY_PARAM* judge = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(judge, expected.c_str()) != 1) {
      X509_VERIFY_PARAM_set1_host(judge, expected.c_str(), expected.size());
    }
    top_ = BIO_push(layer, top_);
    ERR_clear_error();
    if (BIO_do_handshake(top_) != 1) return "no handshake";
    return X509_verify_cert_error_string(SSL_get_verify_result(ssl));
  }

  void say(std::string_view bytes) {
    ASSERT_EQ(BIO_write(top_, bytes.data(), static_cast<int>(bytes.size())),
              static_cast<int>(bytes.size()));
  }
  /// Less than `size` where the other side ends before, or is silent for too long.
  std::string hear(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const int n = BIO_read(top_, bytes.data() + got, static_cast<int>(size - got));
      if (n <= 0) break;
      got += static_cast<std::size_t>(n);
    }
    bytes.resize(got);
    return bytes;
  }
  /// Until the other side closes.
  std::string hear_all() {
    std::string bytes;
    for (std::string more = hear(1); !more.empty(); more = hear(1))
      bytes += more;
    return bytes;
  }

 private:
  testing::Peer peer_;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  BIO* top_;  ///< of the layers
};

}  // namespace understudy::test
