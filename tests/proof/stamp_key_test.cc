#include "proof/stamp_key.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "proof/stamp_reader.h"
#include "proof/stamper.h"
#include "scratch_directory.h"

namespace millrace::proof {
namespace {

class StampKeyFile : public testing::Test {
 protected:
  std::string file(std::string_view text) { return directory_.write("key", text); }
  std::array<unsigned char, StampKey::kSize> read(std::string_view text) {
    return StampKey::from_file(file(text)).bytes;
  }

 private:
  tests::ScratchDirectory directory_;
};

TEST_F(StampKeyFile, IsHexadecimalDigitsInAnyCaseAndWhiteSpaceAroundThem) {
  const auto key = read("00112233445566778899aabbccddeeff");
  EXPECT_EQ(read("00112233445566778899AABBCCDDEEFF"), key);
  EXPECT_EQ(read(" \r\n00112233445566778899aabbccddeeff\r\n"), key);
  // SHA-256 of the bytes, the first 16.
  EXPECT_EQ(key, (std::array<unsigned char, 16>{0xa8, 0xfa, 0xed, 0x6a, 0xbb, 0xf3, 0x5c, 0x12,
                                                0xa4, 0xb2, 0x6e, 0x40, 0xf6, 0xfe, 0xb1, 0x9d}));
}

TEST_F(StampKeyFile, OfAnyLengthThatIsAllowedGivesItsOwnKey) {
  std::vector<std::array<unsigned char, 16>> keys;
  for (const std::size_t digits : {32U, 64U, 128U, 512U}) {
    keys.push_back(read(std::string(digits, 'a')));
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) EXPECT_NE(keys[i], keys.back());
  }
}

TEST_F(StampKeyFile, ThatIsNoKeyIsRefusedByNameAndNotShown) {
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string(31, 'a'), std::string(30, 'a'),
        std::string(513, 'a'), std::string(514, 'a'), std::string(100'000, 'a'),
        std::string(33, 'a'), std::string(16, 'a') + " " + std::string(16, 'a'),
        std::string(31, 'a') + 'g', std::string(32, 'a') + '\0'}) {
    const std::string path = file(text);
    try {
      StampKey::from_file(path);
      ADD_FAILURE() << text.size();
    } catch (const Fatal& error) {
      EXPECT_EQ(std::string(error.what()).find(path + ": a key for stamps "), 0U) << error.what();
      EXPECT_EQ(std::string(error.what()).find("aaaa"), std::string::npos);
    }
  }
  EXPECT_THROW(StampKey::from_file(file("x") + "-missing"), Fatal);
}

TEST(StampKey, AtRandomIsAnotherOneEachTime) {
  EXPECT_NE(StampKey::random().bytes, StampKey::random().bytes);
  EXPECT_NE(random_run(), random_run());
}

const StampKey kKey{.bytes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};

TEST(StampTagger, MakesSipHashOfAllFiguresWithoutKeepingAnythingOfTheStampBefore) {
  Stamp stamp{.run = {0x0102030405060708, 2}, .number = 3};
  std::array<unsigned char, 128> tagged{};
  for (unsigned char i = 0; i < 8; ++i) tagged.at(i) = static_cast<unsigned char>(8 - i);
  tagged[8] = 2;
  tagged[16] = 3;
  std::size_t size = 16;
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                   OSSL_PARAM_construct_end()};
  std::array<unsigned char, 16> out{};
  ASSERT_NE(EVP_Q_mac(nullptr, "SIPHASH", nullptr, nullptr, parameters, kKey.bytes.data(), 16,
                      tagged.data(), tagged.size(), out.data(), out.size(), &size),
            nullptr);
  Hash128 expected;
  for (std::size_t i = 0; i < 16; ++i) {
    auto& half = i < 8 ? expected.high : expected.low;
    half = half << 8U | out.at(i);
  }
  StampTagger tagger(kKey);
  EXPECT_EQ(tagger.tag(stamp), expected);
  stamp.number = 4;
  EXPECT_NE(tagger.tag(stamp), expected);
  stamp.number = 3;
  EXPECT_EQ(tagger.tag(stamp), expected);
}

TEST(StampTagger, SeesEveryBitOfEveryFigure) {
  StampTagger tagger(kKey);
  Stamp stamp;
  stamp.tag = tagger.tag(stamp);
  ASSERT_TRUE(tagger.genuine(stamp));
  std::uint64_t* const figures[] = {&stamp.run.high,
                                    &stamp.run.low,
                                    &stamp.number,
                                    &stamp.due,
                                    &stamp.sent,
                                    &stamp.content.size,
                                    &stamp.content.header.exact,
                                    &stamp.content.header.fields,
                                    &stamp.content.header.canonical,
                                    &stamp.content.body.exact.high,
                                    &stamp.content.body.exact.low,
                                    &stamp.content.body.size,
                                    &stamp.content.body.canonical.high,
                                    &stamp.content.body.canonical.low,
                                    &stamp.content.body.mark,
                                    &stamp.content.body.encodings,
                                    &stamp.tag.high,
                                    &stamp.tag.low};
  static_assert(sizeof figures / sizeof figures[0] * 8 == sizeof(Stamp), "every figure");
  for (std::uint64_t* const figure : figures) {
    for (unsigned bit = 0; bit < 64; ++bit) {
      *figure ^= std::uint64_t{1} << bit;
      EXPECT_FALSE(tagger.genuine(stamp));
      *figure ^= std::uint64_t{1} << bit;
    }
  }
}

StampFinding finding(const StampTrust& trust, std::string_view text) {
  StampReader reader(trust);
  reader.begin();
  reader.take(text);
  return reader.finding();
}

TEST(StampReader, SaysWhatAStampIsWorth) {
  const RunId run{1, 2};
  const StampKey other{.bytes = {1}};
  const std::string text(Stamper(run, kKey).stamp(1, 2, 3, {}));
  EXPECT_EQ(finding({kKey, run}, text), StampFinding::genuine);
  EXPECT_EQ(finding({kKey, {}}, text), StampFinding::genuine);
  EXPECT_EQ(finding({kKey, RunId{1, 3}}, text), StampFinding::other_run);
  EXPECT_EQ(finding({other, run}, text), StampFinding::forged);
  EXPECT_EQ(finding({other, RunId{1, 3}}, text), StampFinding::forged);
  EXPECT_EQ(finding({{}, run}, text), StampFinding::unchecked);
  EXPECT_EQ(finding({{}, RunId{1, 3}}, text), StampFinding::other_run);
  EXPECT_EQ(finding({kKey, run}, text.substr(0, 100)), StampFinding::malformed);
  EXPECT_EQ(finding({kKey, run}, "X-Millrace-Stamp: hello"), StampFinding::malformed);
  EXPECT_EQ(finding({kKey, run}, "X-Millrace-Stamp"), StampFinding::none);
  EXPECT_EQ(finding({kKey, run}, "Subject: hello"), StampFinding::none);
}

}  // namespace
}  // namespace millrace::proof
