#include "mail/dkim/dkim_key.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "mail/dkim/sha256.h"

namespace millrace::mail {
namespace {

// What is larger holds more than a key and its certificates.
constexpr std::size_t kLargestFile = 1'048'576;

// RFC 8301, 3.2: what is shorter must not sign.
constexpr int kLeastRsaBits = 1024;

using Context = std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Nobody is asked for a password: a program under load has no terminal.
int note_that_it_is_encrypted(char* /*password*/, int /*size*/, int /*writing*/, void* encrypted) {
  *static_cast<bool*>(encrypted) = true;
  return -1;
}

Key read_key(const std::string& path) {
  std::string pem = read_all(open_on_this_host(path), path, kLargestFile);
  if (pem.size() > kLargestFile) throw Fatal(path + ": too large for a DKIM key");
  bool encrypted = false;
  const std::unique_ptr<BIO, int (*)(BIO*)> file(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  Key key(PEM_read_bio_PrivateKey(file.get(), nullptr, note_that_it_is_encrypted, &encrypted),
          EVP_PKEY_free);
  ERR_clear_error();
  OPENSSL_cleanse(pem.data(), pem.size());
  if (encrypted) throw Fatal(path + ": the DKIM key is encrypted: decrypt it first");
  if (key == nullptr) throw Fatal(path + ": no private key for DKIM in it (PEM)");
  return key;
}

}  // namespace

DkimKey::DkimKey(const std::string& path) : begun_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  const Key key = read_key(path);
  rsa_ = EVP_PKEY_is_a(key.get(), "RSA") == 1;
  if (!rsa_ && EVP_PKEY_is_a(key.get(), "ED25519") != 1) {
    throw Fatal(path + ": a DKIM key is of RSA or Ed25519, this one of neither");
  }
  if (rsa_ && EVP_PKEY_get_bits(key.get()) < kLeastRsaBits) {
    throw Fatal(fmt::format("{}: an RSA key of {} bits, where DKIM wants {} (RFC 8301)", path,
                            EVP_PKEY_get_bits(key.get()), kLeastRsaBits));
  }
  signature_size_ = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
  const EVP_MD* const hash = rsa_ ? EVP_sha256() : nullptr;
  const Context verifying(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (EVP_DigestSignInit(begun_.get(), nullptr, hash, nullptr, key.get()) != 1 ||
      EVP_DigestVerifyInit(verifying.get(), nullptr, hash, nullptr, key.get()) != 1) {
    throw Fatal(path + ": OpenSSL does not sign with this DKIM key");
  }
  // A file whose numbers do not belong together is found now, not by whom the messages reach.
  std::string signature;
  const Sha256::Hash text{};
  if (!try_to_sign({reinterpret_cast<const char*>(text.data()), text.size()}, signature) ||
      EVP_DigestVerify(verifying.get(), bytes(signature), signature.size(), text.data(),
                       text.size()) != 1) {
    ERR_clear_error();
    throw Fatal(path + ": the private part of this DKIM key does not fit its public part");
  }
}

std::string_view DkimKey::algorithm() const { return rsa_ ? "rsa-sha256" : "ed25519-sha256"; }

bool DkimKey::try_to_sign(std::string_view text, std::string& signature) const {
  thread_local const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  signature.resize(signature_size_);
  std::size_t size = signature.size();
  return EVP_MD_CTX_copy_ex(context.get(), begun_.get()) == 1 &&
         EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                        bytes(text), text.size()) == 1 &&
         size == signature.size();
}

void DkimKey::sign(std::string_view text, std::string& signature) const {
  // Ed25519 is given the hash as the text (RFC 8463, 3), RSA computes it.
  Sha256::Hash hash;
  if (!rsa_) {
    thread_local Sha256 sha256;
    sha256.update(text);
    hash = sha256.finish();
    text = {reinterpret_cast<const char*>(hash.data()), hash.size()};
  }
  if (!try_to_sign(text, signature)) throw Fatal("OpenSSL does not sign with the DKIM key");
}

}  // namespace millrace::mail
