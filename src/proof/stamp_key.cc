#include "proof/stamp_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/ascii.h"
#include "base/diagnostics.h"
#include "base/input_file.h"

namespace millrace::proof {
namespace {

constexpr std::size_t kLeastDigits = 32;
constexpr std::size_t kMostDigits = 512;
constexpr std::string_view kWhite = " \t\r\n";

void fill_random(void* bytes, std::size_t size) {
  // So few come at once or not at all (getrandom(2)).
  ssize_t got = 0;
  do {
    got = getrandom(bytes, size, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0 || static_cast<std::size_t>(got) != size) {
    throw Fatal(describe_error("get random bytes", errno));
  }
}

// What is tagged: all figures of a stamp in the order in which it has them.
constexpr std::size_t kTagged = 16;
std::array<unsigned char, kTagged * 8> tagged_bytes(const Stamp& stamp) {
  const ContentDigest& content = stamp.content;
  const std::array<std::uint64_t, kTagged> figures = {
      stamp.run.high,
      stamp.run.low,
      stamp.number,
      stamp.due,
      stamp.sent,
      content.size,
      content.header.exact,
      content.body.exact.high,
      content.body.exact.low,
      content.body.size,
      content.body.canonical.high,
      content.body.canonical.low,
      content.body.mark,
      content.body.encodings,
      content.header.fields,
      content.header.canonical,
  };
  std::array<unsigned char, kTagged * 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(figures[i / 8] >> (8 * (i % 8)));
  }
  return bytes;
}

}  // namespace

StampKey StampKey::random() {
  StampKey key;
  fill_random(key.bytes.data(), key.bytes.size());
  return key;
}

StampKey StampKey::from_file(const std::string& path) {
  const std::string text = read_all(open_input(path), path, kMostDigits + 64);
  std::string_view digits = text;
  digits.remove_prefix(std::min(digits.find_first_not_of(kWhite), digits.size()));
  digits = digits.substr(0, digits.find_last_not_of(kWhite) + 1);
  const bool all =
      std::all_of(digits.begin(), digits.end(), [](char digit) { return hexadecimal(digit) >= 0; });
  if (!all || digits.size() < kLeastDigits || digits.size() > kMostDigits) {
    throw Fatal(path + ": a key for stamps is 32 to 512 hexadecimal digits and nothing else");
  }
  if (digits.size() % 2 != 0) {
    throw Fatal(path + ": a key for stamps has an even number of hexadecimal digits");
  }
  std::array<unsigned char, kMostDigits / 2> bytes;
  const std::size_t size = digits.size() / 2;
  for (std::size_t i = 0; i < size; ++i) {
    bytes.at(i) = static_cast<unsigned char>(hexadecimal(digits[2 * i]) * 16 +
                                             hexadecimal(digits[2 * i + 1]));
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash;
  SHA256(bytes.data(), size, hash.data());
  StampKey key;
  std::copy_n(hash.begin(), kSize, key.bytes.begin());
  return key;
}

RunId random_run() {
  RunId run;
  fill_random(&run, sizeof run);
  return run;
}

void StampTagger::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

StampTagger::StampTagger(const StampKey& key) {
  EVP_MAC* const mac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_SIPHASH, nullptr);
  if (mac != nullptr) context_.reset(EVP_MAC_CTX_new(mac));
  EVP_MAC_free(mac);
  std::size_t size = sizeof(Hash128);
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size), OSSL_PARAM_construct_end()};
  if (context_ == nullptr ||
      EVP_MAC_init(context_.get(), key.bytes.data(), key.bytes.size(), parameters.data()) != 1) {
    throw Fatal("OpenSSL has no SipHash, which the tags of stamps are made with");
  }
}

Hash128 StampTagger::tag(const Stamp& stamp) {
  const auto bytes = tagged_bytes(stamp);
  std::array<unsigned char, sizeof(Hash128)> out;
  std::size_t size = 0;
  // Without a key it begins anew with the one that it has.
  if (EVP_MAC_init(context_.get(), nullptr, 0, nullptr) != 1 ||
      EVP_MAC_update(context_.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_MAC_final(context_.get(), out.data(), &size, out.size()) != 1 || size != out.size()) {
    throw Fatal("OpenSSL cannot make the tag of a stamp");
  }
  // As its bytes are written in hexadecimal digits.
  Hash128 tag;
  for (std::size_t i = 0; i < 8; ++i) {
    tag.high = tag.high << 8 | out.at(i);
    tag.low = tag.low << 8 | out.at(8 + i);
  }
  return tag;
}

bool StampTagger::genuine(const Stamp& stamp) {
  const Hash128 expected = tag(stamp);
  return CRYPTO_memcmp(&expected, &stamp.tag, sizeof expected) == 0;
}

}  // namespace millrace::proof
