// TOML, and the entries of its tables: what is read, and what is said of what cannot be.
#include "config/toml_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "config/words.h"

namespace millrace::config {
namespace {

using Lines = std::vector<std::string>;

// What of a text cannot be read, without the name of its file.
Lines mistakes(std::string_view text) {
  Mistakes mistakes("file");
  const bool parsed = parse_toml(text, mistakes).has_value();
  EXPECT_EQ(parsed, mistakes.size() == 0);
  Lines told = mistakes.told();
  for (std::string& line : told) line.erase(0, std::string_view("file:").size());
  return told;
}

// What the keys of a table say, each of which is read in its own way.
struct Said {
  std::string lines;
  void add(std::string_view key, std::string_view what) {
    lines.append(key).append("=").append(what).append("\n");
  }
};

void read_value(const Entry& entry, Said& said) {
  if (const auto value = entry.value()) said.add(entry.key(), value->text);
}

void read_text(const Entry& entry, Said& said) {
  if (const auto text = entry.text()) said.add(entry.key(), *text);
}

void read_values(const Entry& entry, Said& said) {
  for (const Value& value : entry.values()) said.add(entry.key(), value.text);
}

void read_texts(const Entry& entry, Said& said) {
  for (const Value& value : entry.values(true)) said.add(entry.key(), value.text);
}

void read_truth(const Entry& entry, Said& said) {
  if (entry.is_true()) said.add(entry.key(), "true");
}

void read_size(const Entry& entry, Said& said) {
  if (const auto* table = entry.table()) said.add(entry.key(), std::to_string(table->size()));
}

void read_colour(const Entry& entry, Said& said) {
  constexpr Words<int, 2> kColours = {{{"red", 1}, {"blue", 2}}};
  int colour = 0;
  read_word(entry, kColours, colour);
  said.add(entry.key(), std::to_string(colour));
}

constexpr std::array<KeyReader<Said>, 7> kReaders = {{
    {"value", read_value},
    {"text", read_text},
    {"values", read_values},
    {"texts", read_texts},
    {"truth", read_truth},
    {"table", read_size},
    {"colour", read_colour},
}};

// What a text says, and what is wrong with it.
std::string read(std::string_view text) {
  Mistakes mistakes("file");
  Said said;
  if (const auto table = parse_toml(text, mistakes)) {
    read_table(*table, "file", kReaders, said, mistakes);
  }
  return said.lines + fmt::format("{}", fmt::join(mistakes.told(), "\n"));
}

// --- entries

TEST(TomlFile, AValueIsWhatATextSaysOrHowANumberIsWritten) {
  EXPECT_EQ(read("value = 'a b'"), "value=a b\n");
  EXPECT_EQ(read("value = 12"), "value=12\n");
  EXPECT_EQ(read("value = 0.02"), "value=0.02\n");
  EXPECT_EQ(read("value = 1e-6"), "value=0.000001000000000\n");
  EXPECT_EQ(read("value = false"), "value=false\n");
  EXPECT_EQ(read("\nvalue = [1]"), "file:2:9: bad value (expected one value, no list)");
  EXPECT_EQ(read("value = {}"), "file:1:9: bad value (expected a text or a number)");
  EXPECT_EQ(read("value = 1979-05-27"), "file:1:9: bad value (expected a text or a number)");
}

TEST(TomlFile, ATextStandsInQuotes) {
  EXPECT_EQ(read("text = ''"), "text=\n");
  EXPECT_EQ(read("text = 5"), "file:1:8: bad text (expected a text in quotes)");
  EXPECT_EQ(read("text = ['a']"), "file:1:8: bad text (expected one value, no list)");
}

TEST(TomlFile, ValuesAreOneOrAList) {
  EXPECT_EQ(read("values = 5"), "values=5\n");
  EXPECT_EQ(read("values = ['a', 5, true]"), "values=a\nvalues=5\nvalues=true\n");
  EXPECT_EQ(read("values = []"), "file:1:10: values is an empty list");
  EXPECT_EQ(read("values = ['a', [], {}]"),
            "values=a\nfile:1:16: bad values (expected a text or a number)\n"
            "file:1:20: bad values (expected a text or a number)");
  EXPECT_EQ(read("texts = ['a', 5]"), "texts=a\nfile:1:15: bad texts (expected a text in quotes)");
}

TEST(TomlFile, WhatIsTrueIsNotFalse) {
  EXPECT_EQ(read("truth = true"), "truth=true\n");
  EXPECT_EQ(read("truth = false"), "file:1:9: bad truth (expected true, or not to be there)");
  EXPECT_EQ(read("truth = 'true'"), "file:1:9: bad truth (expected true, or not to be there)");
}

TEST(TomlFile, ATableMayBeInATable) {
  EXPECT_EQ(read("[table]\na = 1\nb = 2"), "table=2\n");
  EXPECT_EQ(read("table = 'x'"), "file:1:9: bad table (expected a table)");
}

TEST(TomlFile, AWordIsOneOfThoseKnown) {
  EXPECT_EQ(read("colour = 'blue'"), "colour=2\n");
  EXPECT_EQ(read("colour = 'green'"),
            "colour=0\nfile:1:10: bad colour: green (expected one of red, blue)");
  EXPECT_EQ(read("colour = ''"),
            "colour=0\nfile:1:10: bad colour: \"\" (expected one of red, blue)");
}

TEST(TomlFile, AnUnknownKeyIsToldWithThoseKnown) {
  EXPECT_EQ(read("a = 1\ntext = 'x'"),
            "text=x\nfile:1:1: unknown key of file: a (expected one of value, text, values, texts, "
            "truth, table, colour)");
}

TEST(TomlFile, KeysHavePlaces) {
  const auto table = toml::parse("a = 1\n  b = 2\n");
  EXPECT_EQ(place_of(table, "b")->line, 2U);
  EXPECT_EQ(place_of(table, "b")->column, 3U);
  EXPECT_FALSE(place_of(table, "c"));
}

// --- what is no TOML, or too much of it

struct WrongText {
  std::string text;
  Lines mistakes;
};

const std::vector<WrongText> kWrongTexts = {
    {"name = 'a'\nname = 'b'",
     {"2:8: Error while parsing key-value pair: cannot redefine existing string 'name'"}},
    {"[[rule\n", {R"(1:7: Error while parsing table header: expected ']', saw '\n')"}},
    {"x = \"250 \\x00\"",
     {R"(1:11: Error while parsing string: escape sequence '\x' is not supported in TOML 1.0.0 and earlier (expected \\ for a backslash within "", or '' around the text))"}},
    {"x = \"unfinished", {"1:16: Error while parsing string: encountered end-of-file"}},
    {"a.b.c.d.e.f.g.h.i = 1", {"1:16: a key has too many parts (expected at most 8)"}},
    {"a = 1\n\na.b.c.d.e.f.g.h.i = 1", {"3:16: a key has too many parts (expected at most 8)"}},
    {"a.b.c.d.e.f.g.h = 1", {}},
    {"# a.b.c.d.e.f.g.h.i\nx = \"\"\"\n\"\"a.b.c.d.e.f.g.h.i\"\"\"\"\" # '\n'y'.z = "
     "'a.b.c.d.e.f.g.h.i'",
     {}},
    {"x = [\"\"\"a\"\"\"\", \"c.c.c.c.c.c.c.c.c.c\"]", {}},
};

TEST(TomlFile, WhatIsNoTomlIsTold) {
  for (const WrongText& row : kWrongTexts) EXPECT_EQ(mistakes(row.text), row.mistakes) << row.text;
}

TEST(TomlFile, AFileHasABound) {
  EXPECT_EQ(mistakes(std::string(kLargestFile + 1, '\n')),
            Lines{"1:1: the file is too large (expected at most 1 MiB)"});
  EXPECT_TRUE(mistakes(std::string(kLargestFile, '\n')).empty());
}

// None of these may take the stack or the time that there is.
TEST(TomlFile, NoTextIsTooDeepOrTooOdd) {
  constexpr std::size_t kDeep = 100'000;
  std::string dotted = "[a";
  std::string objects = "x = ";
  for (std::size_t level = 0; level < kDeep; ++level) dotted += ".a";
  for (std::size_t level = 0; level < kDeep / 2; ++level) objects += "{a.b.c.d.e.f.g=";
  std::string zeros("name = 'a\0b'\n", 13);
  for (const std::string& text :
       {std::string(kDeep, '['), "x = " + std::string(kDeep, '['), dotted + "]\n",
        dotted.substr(1) + " = 1\n", objects, std::string(kDeep, '\0'), zeros,
        "\xef\xbb\xbf" + zeros, std::string("x = '\xff'\n"), std::string(kDeep, '"'),
        std::string(kDeep, '\''), std::string(kDeep, '\\'), std::string("\r\r\r"),
        "x = \"" + std::string(kDeep, '\\')}) {
    EXPECT_EQ(mistakes(text).size(), 1U) << text.substr(0, 20);
  }
  std::string nested = "x = ";
  for (int level = 0; level < 200; ++level) nested += "{a.b.c.d.e.f.g = ";
  EXPECT_EQ(mistakes(nested + "1" + std::string(200, '}')), Lines{});
}

}  // namespace
}  // namespace millrace::config
