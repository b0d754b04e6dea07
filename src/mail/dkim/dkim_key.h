#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

// OpenSSL's own type, so that its headers stay in the .cc files.
struct evp_md_ctx_st;

namespace millrace::mail {

// A private key that signs messages, RSA (RFC 6376, 3.3) or Ed25519 (RFC 8463). Safe on all threads
// once made. The same text has the same signature: both are deterministic (RFC 8017, 8.2; RFC
// 8032).
class DkimKey {
 public:
  // Reads the first private key of a PEM file. Throws Fatal naming the file: it cannot be read,
  // there is none in it, it is encrypted, of another kind, of RSA with less than 1024 bits
  // (RFC 8301, 3.2), or does not sign what it verifies.
  explicit DkimKey(const std::string& path);

  // What a= says: "rsa-sha256" or "ed25519-sha256".
  [[nodiscard]] std::string_view algorithm() const;

  // Signs the SHA-256 of `text`, into `signature`: its bytes, not yet in Base64.
  void sign(std::string_view text, std::string& signature) const;

 private:
  // Signs the hash of `text` where the key is of RSA, else `text` itself.
  bool try_to_sign(std::string_view text, std::string& signature) const;

  bool rsa_ = false;
  std::size_t signature_size_ = 0;

  // As it is before it is given a text: copied for each signature, since to begin one anew means to
  // look its algorithm up, under a lock of all threads.
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> begun_;
};

}  // namespace millrace::mail
