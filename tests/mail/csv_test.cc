#include "mail/csv.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/diagnostics.h"

namespace millrace::mail {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const Csv& csv) {
  Rows rows(csv.rows());
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    for (std::size_t column = 0; column < csv.columns().size(); ++column) {
      rows[row].emplace_back(csv.field(row, column));
    }
  }
  return rows;
}

Rows rows_of(std::string text) { return rows_of(Csv(std::move(text), "x")); }

std::string refusal(std::string text) {
  try {
    const Csv csv(std::move(text), "people.csv");
  } catch (const Fatal& fatal) {
    return fatal.what();
  }
  return "none";
}

TEST(Csv, HasColumnsAndRows) {
  const Csv csv("email,name\na@b.test,Ann\nc@d.test,Bob\n", "people.csv");
  EXPECT_EQ(csv.columns(), (std::vector<std::string>{"email", "name"}));
  EXPECT_EQ(rows_of(csv), (Rows{{"a@b.test", "Ann"}, {"c@d.test", "Bob"}}));
  EXPECT_EQ(csv.column("name"), 1U);
  EXPECT_EQ(csv.column("Name"), std::nullopt);
  EXPECT_EQ(csv.name(), "people.csv");
}

TEST(Csv, LinesEndInEitherAndTheLastInNothing) {
  const Rows rows{{"1", "2"}, {"3", "4"}};
  EXPECT_EQ(rows_of("a,b\r\n1,2\r\n3,4\r\n"), rows);
  EXPECT_EQ(rows_of("a,b\r\n1,2\n3,4"), rows);
}

TEST(Csv, QuotesHoldWhatSeparates) {
  EXPECT_EQ(rows_of("a,b\n\"1,\"\"x\"\"\r\ny\",\"\"\n\"\"\"\",2"),
            (Rows{{"1,\"x\"\r\ny", ""}, {"\"", "2"}}));
  EXPECT_EQ(rows_of("\"a\",\"b\"\"\"\n\"1\",\"2\"\r\n"), (Rows{{"1", "2"}}));
}

TEST(Csv, FieldsMayBeEmptyAndKeepTheirBlanks) {
  EXPECT_EQ(rows_of("a,b,c\n,,\n , x ,\n"), (Rows{{"", "", ""}, {" ", " x ", ""}}));
  EXPECT_EQ(rows_of("a,b\n1,"), (Rows{{"1", ""}}));
  EXPECT_EQ(rows_of("a\n\"\"\n"), (Rows{{""}}));
}

TEST(Csv, NamesAreWithoutBlanksAroundThem) {
  EXPECT_EQ(Csv(" a ,\" b\"\n1,2", "x").columns(), (std::vector<std::string>{"a", "b"}));
}

TEST(Csv, BytesStayAsTheyAreButForAByteOrderMark) {
  const Csv csv("\xef\xbb\xbfn\xc3\xa4me\n\xff\xfe\x01\n", "x");
  EXPECT_EQ(csv.columns().front(), "n\xc3\xa4me");
  EXPECT_EQ(csv.field(0, 0), "\xff\xfe\x01");
}

TEST(Csv, KnowsTheLinesOfItsRows) {
  const Csv csv("a,b\n1,\"x\ny\r\nz\"\n2,\n3,\"\n\"\n4,", "x");
  EXPECT_EQ(csv.line(0), 2U);
  EXPECT_EQ(csv.line(1), 5U);
  EXPECT_EQ(csv.line(2), 6U);
  EXPECT_EQ(csv.line(3), 8U);
}

TEST(Csv, RefusesWhatIsNoTable) {
  EXPECT_EQ(refusal(""), "people.csv:1: no names of columns: the file is empty");
  EXPECT_EQ(refusal("\xef\xbb\xbf"), "people.csv:1: no names of columns: the file is empty");
  EXPECT_EQ(refusal("a,b"), "people.csv:1: no row below the names of columns");
  EXPECT_EQ(refusal("a,b\r\n"), "people.csv:2: no row below the names of columns");
  EXPECT_EQ(refusal("\na\n1\n"), "people.csv:1: a column without a name");
  EXPECT_EQ(refusal("a,,b\n1,2,3\n"), "people.csv:1: a column without a name");
  EXPECT_EQ(refusal("a,b,a\n1,2,3\n"), "people.csv:1: two columns are called 'a'");
  EXPECT_EQ(refusal("a,\"b\nc\"\n1,2\n"), "people.csv:1: a line break in the name of a column");
}

TEST(Csv, RefusesRowsThatAreShorterOrLonger) {
  EXPECT_EQ(refusal("a,b\n1,2\n3\n"), "people.csv:3: a row of 1 field, where 2 columns are named");
  EXPECT_EQ(refusal("a,b\n\"\n\",2\n1,2,3\n"),
            "people.csv:4: a row of 3 fields, where 2 columns are named");
  EXPECT_EQ(refusal("a\n1,2"), "people.csv:2: a row of 2 fields, where 1 column is named");
}

TEST(Csv, RefusesEmptyLines) {
  EXPECT_EQ(refusal("a,b\n1,2\n\n"), "people.csv:3: an empty line");
  EXPECT_EQ(refusal("a\n\r\n1\n"), "people.csv:2: an empty line");
}

TEST(Csv, RefusesQuotesOutOfPlace) {
  EXPECT_EQ(refusal("a,b\n1,\"2\n3,4\n"), "people.csv:2: a quote that is not closed");
  EXPECT_EQ(refusal("a,b\n1,\"2\"\"\n3,4\n"), "people.csv:2: a quote that is not closed");
  EXPECT_EQ(refusal("a,b\n1,2\"\n"),
            "people.csv:2: a quote in a field that does not begin with one");
  EXPECT_EQ(refusal("a,b\n1, \"2\"\n"),
            "people.csv:2: a quote in a field that does not begin with one");
  EXPECT_EQ(refusal("a,b\n1,\"2\" \n"), "people.csv:2: text behind the quote that ends a field");
}

TEST(Csv, RefusesWhatIsNoText) {
  using namespace std::string_literals;
  EXPECT_EQ(refusal("a,b\n1,2\0\n"s), "people.csv:2: a NUL");
  EXPECT_EQ(refusal("a,b\n1,\"\n\0\n\"\n"s), "people.csv:3: a NUL");
  EXPECT_EQ(refusal("a\0\n1\n"s), "people.csv:1: a NUL");
  EXPECT_EQ(refusal("a,b\r1,2\r"), "people.csv:1: a CR without LF, outside of quotes");
  EXPECT_EQ(refusal("a,b\n1,2\r"), "people.csv:2: a CR without LF, outside of quotes");
}

TEST(Csv, HasALimitOfColumns) {
  std::string names = "c0";
  std::string row = "0";
  for (std::size_t column = 1; column < Csv::kMostColumns; ++column) {
    names += ",c" + std::to_string(column);
    row += ",0";
  }
  EXPECT_EQ(refusal(names + "\n" + row), "none");
  EXPECT_EQ(refusal(names + ",x\n" + row + ",0"), "people.csv:1: more than 1000 columns");
}

TEST(Csv, IsReadFromAFile) {
  const std::string path = "/tmp/millrace_csv_test." + std::to_string(getpid());
  std::ofstream(path) << "a,b\n1,2\n";
  EXPECT_EQ(rows_of(Csv::read(path)), (Rows{{"1", "2"}}));
  unlink(path.c_str());
  EXPECT_THROW(Csv::read(path), Fatal);
}

}  // namespace
}  // namespace millrace::mail
