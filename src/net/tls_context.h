#pragma once

#include <memory>
#include <string>
#include <vector>

// OpenSSL's own types, so that its headers stay in the .cc files.
struct ssl_ctx_st;

namespace millrace::net {

// What both sides of TLS are told at start; empty: OpenSSL's default.
struct TlsOptions {
  int least_version = 0;  // 12 or 13; 0: whatever OpenSSL allows
  int most_version = 0;
  std::string ciphers;  // as OpenSSL names them, separated by colons; TLS 1.2 and 1.3 mixed
  std::string groups;   // key exchange, the same
  std::string certificate_file;  // PEM, with its chain
  std::string key_file;          // PEM; empty: it is in the certificate's file
};

struct TlsClientOptions {
  TlsOptions common;
  bool verify = false;  // the certificate must be valid for the name
  // Whom to trust: certificates and CRLs in PEM, and of a directory; with neither: whom the system
  // does.
  std::string authorities;
  std::string ca_file;  // where they are from, for messages
  std::string ca_directory;
  std::string server_name;        // SNI, and what the certificate must be for; empty: none is sent
  std::vector<std::string> alpn;  // names of protocols
  bool resume = false;            // later connections resume the session of earlier ones
  bool renegotiate = false;       // TlsFilter::renegotiate() is allowed
};

struct TlsServerOptions {
  enum class KeyType { ecdsa, rsa };

  TlsOptions common;                  // without a certificate, one is made
  KeyType key_type = KeyType::ecdsa;  // of that
  std::string host_name;              // whom that is for
  bool expired = false;               // it is out of date by a day
  bool ask_for_certificate = false;   // of the client; any is taken
};

// The part of TLS that all connections of a program share. Safe on all threads once made.
class TlsContext {
 public:
  // Both throw Fatal naming the option value that is wrong.
  static TlsContext for_client(const TlsClientOptions& options);
  // `issuer`: whose certificate vouches for one that is made; null: only that itself.
  static TlsContext for_server(const TlsServerOptions& options, const TlsContext* issuer = nullptr);

  [[nodiscard]] ssl_ctx_st* get() const { return context_.get(); }
  [[nodiscard]] bool client() const { return client_; }
  [[nodiscard]] bool resumes() const { return resumes_; }
  [[nodiscard]] const std::string& server_name() const { return server_name_; }

 private:
  TlsContext(bool client, const TlsOptions& options);

  std::shared_ptr<ssl_ctx_st> context_;
  std::string server_name_;
  bool client_;
  bool resumes_ = false;
};

// What went wrong last in OpenSSL on this thread, in its own words.
std::string tls_error_text();

}  // namespace millrace::net
