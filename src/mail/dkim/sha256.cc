#include "mail/dkim/sha256.h"

#include <openssl/evp.h>

#include "base/diagnostics.h"

namespace millrace::mail {
namespace {

void require(bool done) {
  if (!done) throw Fatal("OpenSSL computes no SHA-256");
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  require(context_ != nullptr && EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::update(std::string_view piece) {
  require(EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) == 1);
}

Sha256::Hash Sha256::finish() {
  Hash hash;
  require(EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) == 1 &&
          EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1);
  return hash;
}

}  // namespace millrace::mail
