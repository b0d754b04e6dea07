#include "mail/addresses/addresses.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "goodness_of_fit.h"

namespace millrace::mail {
namespace {

constexpr std::size_t kDraws = 100'000;

AddressSource source(const std::string& text, AddressPart part = AddressPart::mailbox) {
  std::string why;
  auto made = AddressSource::of_text(text, part, why);
  EXPECT_EQ(why, "");
  return std::move(made).value();
}

AddressSource weighted(const std::vector<WeightedPattern>& patterns, AddressPart part) {
  std::string why;
  auto made = AddressSource::of_patterns(patterns, part, why);
  EXPECT_EQ(why, "");
  return std::move(made).value();
}

std::string why_not(const std::string& text, AddressPart part = AddressPart::mailbox) {
  std::string why;
  EXPECT_FALSE(AddressSource::of_text(text, part, why).has_value()) << text;
  return why;
}

std::string why_not(const std::vector<WeightedPattern>& patterns) {
  std::string why;
  EXPECT_FALSE(AddressSource::of_patterns(patterns, AddressPart::domain, why).has_value());
  return why;
}

template <typename From>
std::map<std::string, double> counts(const From& from) {
  std::map<std::string, double> all;
  Roll roll(31);
  std::string text;
  for (std::size_t count = 0; count < kDraws; ++count) {
    text.clear();
    from.append_draw(roll, text);
    ++all[text];
  }
  return all;
}

TEST(AddressSource, OnlyWhatIsEverDrawnCounts) {
  EXPECT_EQ(weighted({{"u{1-25}@a.test"}, {"v{1-9}@a.test", 0}}, AddressPart::mailbox).size(), 25U);
  const std::string path = testing::TempDir() + "/different.csv";
  std::ofstream(path) << "address,weight\na@a.test,1\nb@a.test,0\na@a.test,2\nc@a.test,1\n";
  EXPECT_EQ(source(path).size(), 2U);
  std::remove(path.c_str());
}

TEST(AddressSource, EachValueOfAPatternIsDrawnAlikeOften) {
  std::vector<double> cells;
  for (const auto& [text, count] : counts(source("u{01-25}@mid{1-4}.test"))) cells.push_back(count);
  ASSERT_EQ(cells.size(), 100U);
  EXPECT_LT(tests::chi_squared(cells, std::vector<double>(100, kDraws / 100.0)), 1);
}

TEST(AddressSource, PatternsAreDrawnByTheirWeights) {
  const auto domains = weighted(
      {{"big.test", 45}, {"mid{1-40}.test", 40}, {"tail{1-2000}.test", 15}, {"none.test", 0}},
      AddressPart::domain);
  double big = 0;
  double tail = 0;
  std::vector<double> mid;
  for (const auto& [text, count] : counts(domains)) {
    EXPECT_NE(text, "none.test");
    if (text == "big.test") big = count;
    if (text.starts_with("mid")) mid.push_back(count);
    if (text.starts_with("tail")) tail += count;
  }
  ASSERT_EQ(mid.size(), 40U);
  std::vector<double> expected(40, kDraws * 0.01);
  EXPECT_LT(tests::chi_squared(mid, std::vector<double>(40, (kDraws - big - tail) / 40)), 1);
  mid.insert(mid.end(), {big, tail});
  expected.insert(expected.end(), {kDraws * 0.45, kDraws * 0.15});
  EXPECT_LT(tests::chi_squared(mid, expected), 1);
}

TEST(AddressSource, ATextIsAFileOrAPattern) {
  const std::string path = testing::TempDir() + "millrace_senders.txt";
  std::ofstream(path) << "a@x.test\n";
  EXPECT_EQ(counts(source(path)).begin()->first, "a@x.test");
  std::remove(path.c_str());
  EXPECT_EQ(counts(source("senders.txt", AddressPart::domain)).begin()->first, "senders.txt");
  EXPECT_EQ(why_not("senders.txt"), "open senders.txt: No such file or directory");
  EXPECT_EQ(why_not("./none@x.test"), "open ./none@x.test: No such file or directory");
  EXPECT_EQ(why_not("../none", AddressPart::domain), "open ../none: No such file or directory");
  EXPECT_EQ(why_not("/none/such", AddressPart::local_part),
            "open /none/such: No such file or directory");
}

TEST(AddressSource, TheReasonNamesThePattern) {
  EXPECT_EQ(why_not("u{1-2@x.test"), "'u{1-2@x.test' has a brace without the other");
  EXPECT_EQ(why_not({{"a{1-2}", -1}}), "the weight of 'a{1-2}' is negative");
  EXPECT_EQ(why_not({{"a", 1}, {"b c", 1}}), "'b c' is no domain");
  EXPECT_EQ(why_not({{"a", 0}}), "the weights sum to nothing");
  EXPECT_EQ(why_not(std::vector<WeightedPattern>{}), "the weights sum to nothing");
}

TEST(AddressSource, ItsFirstThatIsMoreThanAsciiIsNamed) {
  const std::string umlauts = "u{1-3}@\xc3\xa4.test";
  EXPECT_EQ(counts(source(umlauts)).begin()->first, "u1@\xc3\xa4.test");
  EXPECT_EQ(source(umlauts).beyond_ascii(), "'" + umlauts + "'");
  EXPECT_EQ(weighted({{"a.test"}, {"\xc3\xa4.test"}}, AddressPart::domain).beyond_ascii(),
            "'\xc3\xa4.test'");
  EXPECT_EQ(source("a@x.test").beyond_ascii(), "");
  EXPECT_EQ(why_not("\xe4@x.test"), "'\\xe4@x.test' is not UTF-8");
  const Recipients recipients{
      MailboxesByPart{.local_parts = source("u", AddressPart::local_part),
                      .domains = source("\xc3\xa4.test", AddressPart::domain)}};
  EXPECT_EQ(recipients.beyond_ascii(), "'\xc3\xa4.test'");
}

TEST(Senders, SomeAreTheNullReversePath) {
  const auto null = [](double share) {
    return counts(Senders{.addresses = source("a@x.test"), .null_share = share})[""];
  };
  EXPECT_EQ(null(0), 0);
  EXPECT_EQ(null(1), kDraws);
  const std::vector<double> found = {null(0.03), kDraws - null(0.03)};
  EXPECT_LT(tests::chi_squared(found, std::vector<double>{kDraws * 0.03, kDraws * 0.97}), 1);
}

TEST(Senders, AreNeverNullWhereNoShareIsWhateverIsRolled) {
  Roll nought(0 - 0x9e3779b97f4a7c15);
  ASSERT_EQ(Roll(nought).unit(), 0);
  std::string text;
  Senders{.addresses = source("a@x.test")}.append_draw(nought, text);
  EXPECT_EQ(text, "a@x.test");
}

TEST(Recipients, AreALocalPartAtADomainEachByItself) {
  const Recipients recipients{
      MailboxesByPart{.local_parts = source("u{1-5}", AddressPart::local_part),
                      .domains = weighted({{"a.test", 1}, {"b.test", 3}}, AddressPart::domain)}};
  std::vector<double> cells;
  std::vector<double> expected;
  for (const auto& [text, count] : counts(recipients)) {
    cells.push_back(count);
    expected.push_back(kDraws * (text.ends_with("@a.test") ? 0.05 : 0.15));
  }
  ASSERT_EQ(cells.size(), 10U);
  EXPECT_LT(tests::chi_squared(cells, expected), 1);
}

TEST(Recipients, OrAddressesOfAList) {
  const Recipients recipients{source("u{1-5}@x.test")};
  EXPECT_EQ(counts(recipients).size(), 5U);
  EXPECT_EQ(recipients.size(), 5U);
}

TEST(Recipients, AreAsManyAsBothPartsMake) {
  const auto size = [](const std::string& local_part, const std::string& domain) {
    return Recipients{MailboxesByPart{.local_parts = source(local_part, AddressPart::local_part),
                                      .domains = source(domain, AddressPart::domain)}}
        .size();
  };
  EXPECT_EQ(size("u{1-5}", "x{1-3}.test"), 15U);
  // 2^64 and more are as many as can be counted.
  EXPECT_EQ(size("u{1-281474976710656}", "x{1-65535}.test"), 281'474'976'710'656U * 65'535);
  EXPECT_EQ(size("u{1-281474976710656}", "x{1-65536}.test"), ~std::uint64_t{0});
}

TEST(Recipients, TheSameRollDrawsTheSame) {
  const Recipients recipients{source("u{1-5000}@x{1-5000}.test")};
  Roll one(7);
  Roll other(7);
  std::string text;
  std::string same;
  for (int count = 0; count < 100; ++count) {
    recipients.append_draw(one, text);
    recipients.append_draw(other, same);
  }
  EXPECT_EQ(text, same);
}

}  // namespace
}  // namespace millrace::mail
