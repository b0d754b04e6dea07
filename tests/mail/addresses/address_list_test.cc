#include "mail/addresses/address_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "goodness_of_fit.h"

namespace millrace::mail {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kDraws = 100'000;

AddressList lines(std::string_view text, AddressPart part = AddressPart::mailbox) {
  return AddressList::of_lines(text, "list.txt", part);
}

AddressList csv(std::string text, AddressPart part = AddressPart::mailbox) {
  return AddressList::of_csv(Csv(std::move(text), "list.csv"), part);
}

std::vector<std::string> all(const AddressList& list) {
  std::vector<std::string> addresses;
  for (std::size_t place = 0; place < list.size(); ++place) addresses.emplace_back(list[place]);
  return addresses;
}

template <typename Make>
std::string mistake(Make make) {
  try {
    make();
  } catch (const Fatal& fatal) {
    return fatal.what();
  }
  return "none";
}

std::string mistake_in(std::string_view text, AddressPart part = AddressPart::mailbox) {
  return mistake([&] { lines(text, part); });
}

std::string mistake_in_csv(const std::string& text) {
  return mistake([&] { csv(text); });
}

// How often each is drawn.
std::vector<double> counts(const AddressList& list) {
  std::vector<double> cells(list.size());
  const auto addresses = all(list);
  Roll roll(21);
  for (std::size_t count = 0; count < kDraws; ++count) {
    const auto found = std::find(addresses.begin(), addresses.end(), list.draw(roll));
    ++cells.at(static_cast<std::size_t>(found - addresses.begin()));
  }
  return cells;
}

TEST(AddressList, HasAnAddressALine) {
  const std::vector<std::string> expected = {"a@x.test", "{b}@x.test"};
  for (const char* const text :
       {"a@x.test\n{b}@x.test\n", "a@x.test\r\n{b}@x.test", "\n  a@x.test\t\n\n{b}@x.test\n \r\n",
        "# who\na@x.test\n  #b@x.test\n{b}@x.test\n#",
        "\xef\xbb\xbf"
        "a@x.test\n{b}@x.test"}) {
    EXPECT_EQ(all(lines(text)), expected) << text;
  }
  EXPECT_EQ(all(lines("a.test\n[192.0.2.1]", AddressPart::domain)),
            (std::vector<std::string>{"a.test", "[192.0.2.1]"}));
  EXPECT_EQ(all(lines("a\n\"b c\"", AddressPart::local_part)),
            (std::vector<std::string>{"a", "\"b c\""}));
}

TEST(AddressList, MayBeInUtf8AndSaysWhereThatBegins) {
  const AddressList list = lines("# \xe4\na@x.test\nb\xc3\xa4@x.test\n\xc3\xb6@x.test\n");
  EXPECT_EQ(list.size(), 3U);
  EXPECT_EQ(list.beyond_ascii(), "list.txt:3: 'b\xc3\xa4@x.test'");
  EXPECT_EQ(lines("a@x.test").beyond_ascii(), "");
  EXPECT_EQ(csv("address\na@x.test\na@\xc3\xa4.test\n").beyond_ascii(),
            "list.csv:3: 'a@\xc3\xa4.test'");
  EXPECT_EQ(mistake_in("a@x.test\n\xc3\xa4\xe4@x.test\n"),
            "list.txt:2: '\xc3\xa4\\xe4@x.test' is not UTF-8");
  EXPECT_EQ(mistake_in_csv("address\na@\xff.test\n"), "list.csv:2: 'a@\\xff.test' is not UTF-8");
}

TEST(AddressList, NamesThePlaceOfWhatIsNone) {
  EXPECT_EQ(mistake_in("a@x.test\n\n# b\nc@\n"), "list.txt:4: 'c@' is no address");
  EXPECT_EQ(mistake_in("a@x.test b@x.test"), "list.txt:1: 'a@x.test b@x.test' is no address");
  EXPECT_EQ(mistake_in("a@x.test\r\nb\0@x.test\n"sv), "list.txt:2: 'b\\x00@x.test' is no address");
  EXPECT_EQ(mistake_in("a@x.test\rb@x.test"), "list.txt:1: 'a@x.test\\rb@x.test' is no address");
  EXPECT_EQ(mistake_in("<a@x.test>"), "list.txt:1: '<a@x.test>' is no address");
  EXPECT_EQ(mistake_in("a@x.test", AddressPart::domain), "list.txt:1: 'a@x.test' is no domain");
  EXPECT_EQ(mistake_in("a@x", AddressPart::local_part), "list.txt:1: 'a@x' is no local part");
  EXPECT_EQ(mistake_in(""), "list.txt: no address in it");
  EXPECT_EQ(mistake_in("\n# none\n\n", AddressPart::domain), "list.txt: no domain in it");
}

TEST(AddressList, QuotesNoMoreThanTheBeginning) {
  const std::string what = mistake_in(std::string(100'000, 'a'));
  EXPECT_LT(what.size(), 150U);
  EXPECT_EQ(mistake_in(std::string(kLongestAddress - 2, 'a') + "@b"), "none");
  EXPECT_NE(mistake_in(std::string(kLongestAddress - 1, 'a') + "@b"), "none");
}

TEST(AddressList, OfCsvHasAColumnOfAddressesAndPerhapsOfWeights) {
  const std::vector<std::string> expected = {"a@x.test", "\"b,c\"@x.test"};
  EXPECT_EQ(all(csv("address\na@x.test\n\"\"\"b,c\"\"@x.test\"\n")), expected);
  EXPECT_EQ(all(csv("weight,name,address\r\n1,A, a@x.test\r\n2,,\"\"\"b,c\"\"@x.test\"\r\n")),
            expected);
}

TEST(AddressList, NamesThePlaceOfWhatIsWrongInCsv) {
  EXPECT_EQ(mistake_in_csv("addresses\na@x.test\n"), "list.csv:1: no column is called 'address'");
  EXPECT_EQ(mistake_in_csv("address\na@x.test\nb\n"), "list.csv:3: 'b' is no address");
  EXPECT_EQ(mistake_in_csv("address,weight\na@x.test,1\nb@x.test\n").substr(0, 11), "list.csv:3:");
  for (const char* const weight : {"-1", "x", "", "nan", "inf", "1e3", "2000000000000000"}) {
    EXPECT_EQ(mistake_in_csv("address,weight\na@x.test,1\nb@x.test," + std::string(weight) + "\n"),
              "list.csv:3: '" + std::string(weight) + "' is no weight: a number from 0 to 1e+15");
  }
  EXPECT_EQ(mistake_in_csv("address,weight\na@x.test,0\n"), "list.csv: the weights sum to nothing");
}

TEST(AddressList, EachIsDrawnAlikeOften) {
  std::string text;
  for (int number = 0; number < 50; ++number) text += "u" + std::to_string(number) + "@x.test\n";
  EXPECT_LT(tests::chi_squared(counts(lines(text)), std::vector<double>(50, kDraws / 50.0)), 1);
}

TEST(AddressList, OrByItsWeight) {
  const auto found = counts(csv("address,weight\na@x,0.5\nb@x,0\nc@x,1.5\nd@x,8\n"));
  EXPECT_EQ(found[1], 0);
  EXPECT_LT(tests::chi_squared(std::vector<double>{found[0], found[2], found[3]},
                               std::vector<double>{kDraws * 0.05, kDraws * 0.15, kDraws * 0.8}),
            1);
}

TEST(AddressList, AFileIsCsvByTheEndOfItsName) {
  const std::string folder = testing::TempDir();
  const auto read = [&](const std::string& name, const char* text) {
    const std::string path = folder + name;
    std::ofstream(path) << text;
    const auto list = all(AddressList::read(path, AddressPart::mailbox));
    std::remove(path.c_str());
    return list;
  };
  const std::vector<std::string> expected = {"a@x.test"};
  EXPECT_EQ(read("millrace_senders.CSV", "address,weight\na@x.test,1\n"), expected);
  EXPECT_EQ(read("millrace_senders.csv.txt", "a@x.test\n"), expected);
  EXPECT_EQ(mistake([] { AddressList::read("/none/such.csv", AddressPart::mailbox); }),
            "open /none/such.csv: No such file or directory");
  EXPECT_EQ(mistake([] { AddressList::read("/", AddressPart::mailbox); }),
            "read /: Is a directory");
}

}  // namespace
}  // namespace millrace::mail
