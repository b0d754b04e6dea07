#include <gtest/gtest.h>

#include <array>

#include "mail/template/template_reader.h"

namespace millrace::mail {
namespace {

using Mistakes = std::vector<std::string>;

const Csv& people() {
  static const Csv csv(
      "name,\"last, first\"\nAnn,\nX,\"Smith, \"\"Jo\"\"\"\n\"Smith, \"\"Jo\"\"\",X\nJ"
      "\xc3\xbcrg,<\n\"\",\n",
      "people.csv");
  return csv;
}

std::string made(const TemplateRead& read, std::uint64_t number) {
  const MessageFacts facts{.number = number,
                           .sender = "me@s.test",
                           .recipient = "you@r.test",
                           .message_id = "<1@s.test>",
                           .date = "Thu, 1 Jan 2026 00:00:00 +0000",
                           .extra_headers = "",
                           .roll = Roll(number)};
  Content content;
  TemplateKind(read.compiled).make(facts, content);
  return content.flattened();
}

// The field as it is in a message; what is wrong with a text of header fields.
std::string header(const std::string& field, std::uint64_t number = 0) {
  const TemplateRead read = read_template(field + "\nX-End: 1\n\nbody\n", "t", &people());
  EXPECT_EQ(read.mistakes, Mistakes());
  const std::string message = made(read, number);
  const std::size_t begin = message.find(field.substr(0, field.find(':') + 1));
  return message.substr(begin, message.find("\r\nX-End: 1\r\n\r\nbody\r\n") - begin);
}
Mistakes mistakes(std::string_view text) {
  return read_template(std::string(text) + "\n\nbody\n", "t", &people()).mistakes;
}

// Steps put what the text has once at most.
void expect_within_text(const Template& compiled) {
  std::size_t left = compiled.text.size();
  for (const TemplateStep& step : compiled.steps) {
    ASSERT_LE(step.size, left);
    ASSERT_TRUE(step.size == 0 || step.begin <= compiled.text.size() - step.size);
    left -= step.size;
  }
}

TEST(TemplateAddresses, RefusesTextBehindAMailbox) {
  const std::string wrong = ": text behind a mailbox (expected a comma)";
  EXPECT_EQ(mistakes("To: A {{n}} <a@b.test> B {{n}} <c@d.test>"), Mistakes{"t:1:24" + wrong});
  EXPECT_EQ(mistakes("Subject: a\nReply-To: ,;{{name}}<a@b.test>{{name}}<"),
            (Mistakes{"t:2:31" + wrong, "t:2:39: '<' without '>'"}));
  EXPECT_EQ(mistakes("Cc: <a@b.test>\n <{{n}}@b.test>, <c@d.test> {{n}}"),
            (Mistakes{"t:2:2" + wrong, "t:2:29" + wrong}));
  EXPECT_EQ(mistakes("Cc: x: {{name}} <a@b.test>: y"), Mistakes{"t:1:27" + wrong});
}

TEST(TemplateAddresses, WhatIsRefusedPutsNoTextTwice) {
  for (const std::string_view field :
       {"To: A {{n}} <a@b.test> B {{n}} <c@d.test>", "Reply-To: ,;{{n}}<a@b.test>{{n}}<"}) {
    const TemplateRead read =
        read_template(std::string(field) + "\nX-End: 1\n\nbody\n", "t", nullptr);
    expect_within_text(read.compiled);
    EXPECT_TRUE(made(read, 0).ends_with("<\r\nX-End: 1\r\n\r\nbody\r\n") ||
                made(read, 0).ends_with("<c@d.test>\r\nX-End: 1\r\n\r\nbody\r\n"));
  }
}

TEST(TemplateAddresses, BehindAMailboxMayBeCommentsAndTheEndOfAGroup) {
  EXPECT_EQ(header("To: {{name}} <a@b.test> (x, (<y) {{n}} \\)),\n {{name}} <c@d.test> (z)", 2),
            "To: \"Smith, \\\"Jo\\\"\" <a@b.test> (x, (<y) 2 \\)),\r\n"
            " \"Smith, \\\"Jo\\\"\" <c@d.test> (z)");
  EXPECT_EQ(header("Cc: x: {{name}} <a@b.test>, <c@d.test> ;, y: {{name}} <e@f.test>;", 0),
            "Cc: x: Ann <a@b.test>, <c@d.test> ;, y: Ann <e@f.test>;");
}

TEST(TemplateAddresses, QuotesAndCommentsMayBeWithinAngleBrackets) {
  EXPECT_EQ(header("To: {{name}} <\"a>\\\"b\"@c.test (>)>, {{name}} <d@e.test>", 2),
            "To: \"Smith, \\\"Jo\\\"\" <\"a>\\\"b\"@c.test (>)>, \"Smith, \\\"Jo\\\"\" <d@e.test>");
  EXPECT_EQ(header("To: a@b.test (, {{n}} <), {{name}} <d@e.test>", 2),
            "To: a@b.test (, 2 <), \"Smith, \\\"Jo\\\"\" <d@e.test>");
}

TEST(TemplateAddresses, RefusesWhatDoesNotEnd) {
  EXPECT_EQ(mistakes("To: {{n}} <a@b.test"), Mistakes{"t:1:11: '<' without '>'"});
  EXPECT_EQ(mistakes("To: {{n}}, \"x <a@b.test>\\\""), Mistakes{"t:1:12: '\"' without '\"'"});
  EXPECT_EQ(mistakes("To: {{n}} (a (b) <a@b.test>"), Mistakes{"t:1:11: '(' without ')'"});
}

TEST(TemplateAddresses, ABackslashHidesNoField) {
  // Nor those behind it: their commas would be taken for the list's.
  EXPECT_EQ(header("To: \"\\{{n}}\"@a.test, {{last, first}} <b@c.test>", 1),
            "To: \"\\1\"@a.test, \"Smith, \\\"Jo\\\"\" <b@c.test>");
  EXPECT_EQ(header("To: a@b.test (\\{{n}}), {{last, first}} <b@c.test>", 1),
            "To: a@b.test (\\1), \"Smith, \\\"Jo\\\"\" <b@c.test>");
}

TEST(TemplateAddresses, RefusesTextThatIsNotUtf8WhereThereAreValues) {
  const std::string wrong = ": what is not UTF-8 in a header field with values";
  EXPECT_EQ(mistakes("Subject: caf\xe9 {{n}}"), Mistakes{"t:1:13" + wrong});
  EXPECT_EQ(mistakes("From: <a@b.test>\nTo: \xc3\xbc{{n}} \xfc <a@b.test>"),
            Mistakes{"t:2:12" + wrong});
  // A character that a field divides is none.
  EXPECT_EQ(mistakes("X: {{n}}\xc3{{n}}\xbc"), Mistakes{"t:1:9" + wrong});
  EXPECT_EQ(mistakes("Subject: caf\xe9\n\n\xe9 {{n}}"), Mistakes());
  EXPECT_EQ(header("X: caf\xc3\xa9 {{n}}"), "X: =?utf-8?B?Y2Fmw6kgMA==?=");
}

// What is read without a mistake stays where it is: no field of it reaches into the next.
TEST(TemplateAddresses, RandomFieldsEndWhereTheyDo) {
  constexpr std::array<std::string_view, 24> kParts = {"{{n}}",    "{{name}}",   "{{last, first}}",
                                                       " {{n}} <", "<a@b.test>", "<a@b.test>",
                                                       "<",        ">",          "\"",
                                                       "\\",       "(",          ")",
                                                       ",",        ",",          ";",
                                                       ":",        " ",          "{",
                                                       "}",        "A",          "\n x",
                                                       "\xc3\xbc", " ",          "> {{n}}"};
  constexpr std::array<std::string_view, 3> kNames = {"To:", "Cc:", "X-Any:"};
  Roll roll(11);
  int fit = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string field(kNames[roll.below(kNames.size())]);
    for (std::uint64_t parts = 1 + roll.below(12); parts > 0; --parts) {
      field += roll.below(40) == 0 ? "\xe9" : kParts[roll.below(kParts.size())];
    }
    const TemplateRead read = read_template(field + "\nX-End: 1\n\nbody\n", "t", &people());
    ASSERT_NO_FATAL_FAILURE(expect_within_text(read.compiled)) << field;
    for (std::uint64_t number = 0; number < people().rows(); ++number) {
      const std::string message = made(read, number);
      ASSERT_EQ(message.find("\r\nX-End: 1\r\n"), message.size() - 20) << field;
      ASSERT_LT(message.size(), 2000U) << field;
    }
    if (read.mistakes.empty()) ++fit;
  }
  EXPECT_GT(fit, 500);
}

}  // namespace
}  // namespace millrace::mail
