#include "mail/dkim/sha256.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace millrace::mail {
namespace {

std::string hex(const Sha256::Hash& hash) {
  std::string text;
  for (const unsigned char byte : hash) text += fmt::format("{:02x}", byte);
  return text;
}

// FIPS 180-4's examples.
TEST(Sha256, HashesOneTextAfterTheOther) {
  Sha256 sha256;
  sha256.update("a");
  sha256.update("bc");
  EXPECT_EQ(hex(sha256.finish()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256.finish()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sha256.update("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
  EXPECT_EQ(hex(sha256.finish()),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
}  // namespace millrace::mail
