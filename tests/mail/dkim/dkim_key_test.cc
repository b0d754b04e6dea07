#include "mail/dkim/dkim_key.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/diagnostics.h"
#include "dkim_keys.h"

namespace millrace::mail {
namespace {

using test::KeyFile;

// A private key that is made, in PEM; with a password it is encrypted.
std::string pem(EVP_PKEY* key, const char* password = nullptr) {
  BIO* const out = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(out, key, password != nullptr ? EVP_aes_128_cbc() : nullptr,
                                nullptr, 0, nullptr, const_cast<char*>(password));
  EVP_PKEY_free(key);
  char* text = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(out, &text));
  std::string copy(text, size);
  BIO_free(out);
  return copy;
}

// What is said of a key file, without its name, which comes first.
std::string refusal(std::string_view text) {
  const KeyFile file(text);
  try {
    const DkimKey key(file.path());
  } catch (const Fatal& error) {
    EXPECT_TRUE(std::string_view(error.what()).starts_with(file.path() + ": ")) << error.what();
    return std::string(error.what()).substr(file.path().size() + 2);
  }
  return {};
}

TEST(DkimKey, KnowsItsAlgorithm) {
  EXPECT_EQ(DkimKey(KeyFile(test::kRsaKey).path()).algorithm(), "rsa-sha256");
  EXPECT_EQ(DkimKey(KeyFile(test::kEd25519Key).path()).algorithm(), "ed25519-sha256");
  EXPECT_EQ(DkimKey(KeyFile(pem(EVP_RSA_gen(1024))).path()).algorithm(), "rsa-sha256");
}

TEST(DkimKey, MayHaveOtherThingsAroundIt) {
  EXPECT_EQ(refusal("A key.\n-----BEGIN X-----\nAAAA\n-----END X-----\n" +
                    std::string(test::kEd25519Key) + "the end"),
            "");
}

TEST(DkimKey, SignsTheSameTextTheSameWay) {
  for (const std::string_view text : {test::kRsaKey, test::kEd25519Key}) {
    const DkimKey key(KeyFile(text).path());
    std::string first;
    std::string other;
    std::string again;
    key.sign("text", first);
    key.sign("text!", other);
    key.sign("text", again);
    EXPECT_EQ(first, again);
    EXPECT_NE(first, other);
    EXPECT_EQ(first.size(), text == test::kRsaKey ? 128U : 64U);
  }
}

// Two keys take turns on one thread.
TEST(DkimKey, KeysDoNotMix) {
  const DkimKey rsa(KeyFile(test::kRsaKey).path());
  const DkimKey ed25519(KeyFile(test::kEd25519Key).path());
  const DkimKey other(KeyFile(pem(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))).path());
  std::string first;
  std::string second;
  std::string third;
  ed25519.sign("text", first);
  other.sign("text", second);
  rsa.sign("text", third);
  EXPECT_NE(first, second);
  ed25519.sign("text", second);
  EXPECT_EQ(first, second);
  EXPECT_EQ(third.size(), 128U);
}

TEST(DkimKey, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(refusal(""), "no private key for DKIM in it (PEM)");
  EXPECT_EQ(refusal("From: a@b\n"), "no private key for DKIM in it (PEM)");
  std::string broken(test::kEd25519Key);
  broken.replace(40, 4, "AAAA");
  EXPECT_EQ(refusal(broken), "no private key for DKIM in it (PEM)");
  EXPECT_EQ(refusal(test::kEd25519Key.substr(0, 70)), "no private key for DKIM in it (PEM)");
  EXPECT_EQ(refusal("-----BEGIN PUBLIC KEY-----\n"
                    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                    "-----END PUBLIC KEY-----\n"),
            "no private key for DKIM in it (PEM)");
  EXPECT_EQ(refusal(pem(EVP_RSA_gen(512))),
            "an RSA key of 512 bits, where DKIM wants 1024 (RFC 8301)");
  EXPECT_EQ(refusal(pem(EVP_RSA_gen(1023))),
            "an RSA key of 1023 bits, where DKIM wants 1024 (RFC 8301)");
  EXPECT_EQ(refusal(pem(EVP_EC_gen("P-256"))),
            "a DKIM key is of RSA or Ed25519, this one of neither");
  EXPECT_EQ(refusal(pem(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), "secret")),
            "the DKIM key is encrypted: decrypt it first");
  EXPECT_EQ(refusal(pem(EVP_RSA_gen(1024), "")), "the DKIM key is encrypted: decrypt it first");
  EXPECT_EQ(refusal(std::string(1'048'577, '\n')), "too large for a DKIM key");
  try {
    const DkimKey none("/nonexistent/key.pem");
    FAIL();
  } catch (const Fatal& error) {
    EXPECT_STREQ(error.what(), "open /nonexistent/key.pem: No such file or directory");
  }
}

// The numbers of RSA are in the file one by one, so that one may be wrong.
TEST(DkimKey, DoesNotTakeOneThatSignsWrongly) {
  std::string broken(test::kRsaKey);
  broken.replace(broken.find("AoGAH0cx") + 8, 4, "AAAA");  // the private exponent
  broken.replace(broken.find("licIeVlo"), 4, "AAAA");      // what it is modulo the primes
  EXPECT_EQ(refusal(broken), "the private part of this DKIM key does not fit its public part");
}

}  // namespace
}  // namespace millrace::mail
