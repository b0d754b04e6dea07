#include <gtest/gtest.h>

#include "base/utf8.h"
#include "mail/template/template_reader.h"

namespace millrace::mail {
namespace {

const Csv& people() {
  static const Csv csv(
      "email,name,bio,age\n"
      "ann@a.test,Ann,likes mail,30\n"
      "jo@b.test,\"Smith, \"\"Jo\"\"\",\"one\ntwo\r\nthree\",\n"
      "j@c.test,J\xc3\xbcrg,.dot,7\n",
      "people.csv");
  return csv;
}

MessageFacts facts_of(std::uint64_t number) {
  return {.number = number,
          .sender = "me@s.test",
          .recipient = "you@r.test",
          .message_id = "<1@s.test>",
          .date = "Thu, 1 Jan 2026 00:00:00 +0000",
          .extra_headers = "",
          .roll = Roll(number)};
}

void make(const TemplateRead& read, const MessageFacts& facts, Content& content) {
  TemplateKind(read.compiled).make(facts, content);
}

std::string message(std::string_view text, std::uint64_t number = 0) {
  const TemplateRead read = read_template(text, "news.eml", &people());
  EXPECT_EQ(read.mistakes, std::vector<std::string>());
  Content content;
  make(read, facts_of(number), content);
  return content.flattened();
}

constexpr std::string_view kFront =
    "From: <me@s.test>\r\nTo: <you@r.test>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    "Message-ID: <1@s.test>\r\n";

// What a body, or the value of a header field, becomes.
std::string body(std::string_view text, std::uint64_t number = 0) {
  const std::string made = message("\n" + std::string(text), number);
  EXPECT_TRUE(made.starts_with(std::string(kFront) + "\r\n")) << made;
  return made.substr(kFront.size() + 2);
}
std::string header(const std::string& field, std::uint64_t number = 0) {
  const std::string made = message(field + "\n\n", number);
  const std::string name = field.substr(0, field.find(':') + 1);
  const std::size_t begin = made.find("\r\n" + name) + 2;
  const std::size_t begins = made.starts_with(name) ? 0 : begin;
  const std::string rest = made.substr(begins);
  EXPECT_TRUE(rest.ends_with("\r\n\r\n"));
  return rest.substr(0, rest.size() - 4);
}

std::vector<std::string> mistakes(std::string_view text, const Csv* csv = &people()) {
  return read_template(text, "news.eml", csv).mistakes;
}
using Mistakes = std::vector<std::string>;

TEST(Template, PutsFieldsOfTheRow) {
  EXPECT_EQ(body("Dear {{name}}, {{ age }}\n"), "Dear Ann, 30\r\n");
  EXPECT_EQ(body("{{\tname}}{{email}}", 2), "J\xc3\xbcrgj@c.test\r\n");
}

TEST(Template, TakesRowsInTurn) {
  EXPECT_EQ(body("{{email}}", 3), "ann@a.test\r\n");
  EXPECT_EQ(body("{{email}}", 4), "jo@b.test\r\n");
}

TEST(Template, PutsWhatIsKnownOfTheMessage) {
  EXPECT_EQ(body("{{n}}|{{date}}|{{message_id}}|{{recipient}}|{{sender}}", 7),
            "7|Thu, 1 Jan 2026 00:00:00 +0000|<1@s.test>|you@r.test|me@s.test\r\n");
}

TEST(Template, DrawsWordsAndNumbersThatFollowFromTheRoll) {
  const std::string_view text = "{{random.word}} {{random.word}} {{random.number}}";
  EXPECT_EQ(body(text, 3), body(text, 3));
  EXPECT_NE(body(text, 3), body(text, 6));
  const std::string drawn = body(text, 3);
  const std::size_t blank = drawn.find(' ');
  EXPECT_NE(drawn.substr(0, blank), drawn.substr(blank + 1, drawn.rfind(' ') - blank - 1));
}

TEST(Template, LineBreaksOfFieldsAreThoseOfTheBody) {
  EXPECT_EQ(body("{{bio}}!\n", 1), "one\r\ntwo\r\nthree!\r\n");
  const Csv csv("x\n\"\ra\r\r\nb\n\"\n", "x.csv");
  Content content;
  make(read_template("\n{{x}}", "t", &csv), facts_of(0), content);
  EXPECT_TRUE(content.flattened().ends_with("\r\n\r\n\r\na\r\n\r\nb\r\n\r\n"));
}

TEST(Template, DotsAreDoubledWhereAFieldBeginsALine) {
  Content content;
  make(read_template("\n{{bio}}\n.x\n", "t", &people()), facts_of(2), content);
  Output out;
  content.append_data(out);
  EXPECT_TRUE(out.flattened().ends_with("\r\n\r\n..dot\r\n..x\r\n.\r\n"));
}

TEST(Template, LinesMayEndInEither) {
  EXPECT_EQ(message("Subject: a\r\n\r\nb\nc\r\n"), message("Subject: a\n\nb\r\nc"));
}

TEST(Template, AByteOrderMarkIsPassedOver) {
  EXPECT_EQ(message("\xef\xbb\xbfSubject: a\n"), message("Subject: a\n"));
}

TEST(Template, AddsTheHeadersThatAreMissing) {
  EXPECT_EQ(message("Subject: a\n\nb\n"), std::string(kFront) + "Subject: a\r\n\r\nb\r\n");
  EXPECT_EQ(message("FROM: a\nto: b\nDate : c\nmessage-id: d\n\n"),
            "FROM: a\r\nto: b\r\nDate : c\r\nmessage-id: d\r\n\r\n");
  EXPECT_EQ(message("Date: c\n\n"),
            "From: <me@s.test>\r\nTo: <you@r.test>\r\n"
            "Message-ID: <1@s.test>\r\nDate: c\r\n\r\n");
}

TEST(Template, AddsTheHeadersOfTheRun) {
  MessageFacts facts = facts_of(0);
  facts.extra_headers = "X-Run: 1\r\nX-More: 2\r\n";
  Content content;
  make(read_template("Subject: a\n\nb\n", "t", nullptr), facts, content);
  EXPECT_EQ(content.flattened(),
            std::string(kFront) + "X-Run: 1\r\nX-More: 2\r\nSubject: a\r\n\r\nb\r\n");
}

TEST(Template, IsFromThePostmasterWhereThereIsNoSender) {
  MessageFacts facts = facts_of(0);
  facts.sender = {};
  Content content;
  make(read_template("Subject: a\n", "t", nullptr), facts, content);
  EXPECT_TRUE(
      content.flattened().starts_with("From: Mail Delivery System <postmaster@s.test>\r\nTo: "));
}

TEST(Template, WithoutAnEmptyLineIsAHeaderSectionIfItBeginsAsOne) {
  EXPECT_EQ(message("Subject: a\nX: b\n"), std::string(kFront) + "Subject: a\r\nX: b\r\n");
  EXPECT_EQ(message("Dear all: hello\n"), std::string(kFront) + "\r\nDear all: hello\r\n");
  EXPECT_EQ(message(" Subject: a\n"), std::string(kFront) + "\r\n Subject: a\r\n");
}

TEST(Template, HeaderFieldsWithoutFieldsStayAsTheyAre) {
  EXPECT_EQ(header("Subject: gr\xc3\xbc\n\t\xff \"\n "), "Subject: gr\xc3\xbc\r\n\t\xff \"\r\n ");
}

TEST(Template, TextIsEncodedAsAWholeWhereItIsNotAscii) {
  EXPECT_EQ(header("Subject: Hello {{name}}!"), "Subject: Hello Ann!");
  EXPECT_EQ(header("Subject:Hello {{name}}!", 1), "Subject:Hello Smith, \"Jo\"!");
  EXPECT_EQ(header("Subject: Hello {{name}}!", 2), "Subject: =?utf-8?B?SGVsbG8gSsO8cmch?=");
  EXPECT_EQ(header("X-Any: Hello\n  {{name}}!", 2), "X-Any: =?utf-8?B?SGVsbG8gIErDvHJnIQ==?=");
  EXPECT_EQ(header("X-Any: Hello\n  {{name}}!", 0), "X-Any: Hello\r\n  Ann!");
}

TEST(Template, LongTextIsFoldedWhereItIsEncoded) {
  const std::string made = header("Subject: " + std::string(200, 'x') + "{{name}}", 2);
  for (std::size_t begin = 0; begin < made.size();) {
    const std::size_t end = std::min(made.find("\r\n", begin), made.size());
    EXPECT_LE(end - begin, 76U);
    begin = end + 2;
  }
  EXPECT_TRUE(is_ascii(made));
}

TEST(Template, LongAsciiTextIsFoldedAtItsBlanks) {
  const std::string words(70, 'x');
  EXPECT_EQ(header("Subject: " + words + " {{name}} {{n}}"),
            "Subject: " + words + "\r\n " + std::string(people().field(0, 1)) + " 0");
  EXPECT_EQ(header("Subject: {{n}} " + words + words), "Subject: 0\r\n " + words + words);
  // Nothing is folded where blanks may mean something, or what has no value in it.
  for (const std::string field : {"References: <{{n}}@b.test> <", "Subject: a "}) {
    const bool value = field.find('{') != std::string::npos;
    const std::string text = field + words + words + (value ? "@b.test>" : "");
    EXPECT_EQ(header(text).find("\r\n"), std::string::npos) << text;
  }
}

TEST(Template, DisplayNamesAreQuotedOrEncodedWhereTheyNeedIt) {
  EXPECT_EQ(header("To: {{name}} <{{email}}>"), "To: Ann <ann@a.test>");
  EXPECT_EQ(header("To: {{name}} <{{email}}>", 1), R"(To: "Smith, \"Jo\"" <jo@b.test>)");
  EXPECT_EQ(header("To: {{name}} <{{email}}>", 2), "To: =?utf-8?B?SsO8cmc=?=\r\n <j@c.test>");
  EXPECT_EQ(header("To:\"{{name}}\"<{{email}}>"), "To:Ann <ann@a.test>");
  EXPECT_EQ(header("To: \"{{name}}\"\n <{{email}}>", 1), R"(To: "Smith, \"Jo\"" <jo@b.test>)");
  EXPECT_EQ(header("To: {{email}}", 2), "To: j@c.test");
}

TEST(Template, APartWithoutAValueLeavesNoBlankInFront) {
  const Csv csv("a,b,c\n,J.,J\xc3\xbcrg\n", "x.csv");
  Content content;
  make(
      read_template(
          "Cc: {{a}} {{b}} <b@x>, {{a}} <a@x>\nTo: {{a}} {{c}} <c@x>\nSubject: {{a}} {{c}} {{a}}\n",
          "t", &csv),
      facts_of(0), content);
  EXPECT_NE(
      content.flattened().find("Cc: \"J.\" <b@x>,  <a@x>\r\nTo: =?utf-8?B?SsO8cmc=?=\r\n <c@x>\r\n"
                               "Subject: =?utf-8?B?SsO8cmc=?=\r\n"),
      std::string::npos)
      << content.flattened();
}

TEST(Template, EachAddressOfAListHasItsName) {
  EXPECT_EQ(header("Cc: a@x.test, Dr {{name}} <b@x.test>, \"<{{name}}\" <c@x.test>", 1),
            R"(Cc: a@x.test, "Dr Smith, \"Jo\"" <b@x.test>, "<Smith, \"Jo\"" <c@x.test>)");
  EXPECT_EQ(header("Cc: \"x, \\\" <\" <a@x.test>, team: {{name}} <b@x.test>;", 1),
            R"(Cc: "x, \" <" <a@x.test>, team: "Smith, \"Jo\"" <b@x.test>;)");
  EXPECT_EQ(header(R"(Cc: "a\"<b"@x.test, {{name}} <c@x.test>)", 1),
            R"(Cc: "a\"<b"@x.test, "Smith, \"Jo\"" <c@x.test>)");
}

TEST(Template, StructuredFieldsStayAsTheyAre) {
  EXPECT_EQ(header("Content-Type: text/plain; x=\"{{age}}\"", 2),
            "Content-Type: text/plain; x=\"7\"");
  EXPECT_EQ(header("Message-ID: <{{n}}.x@y>", 2), "Message-ID: <2.x@y>");
}

TEST(Template, SharesLongLinesAndCopiesTheRest) {
  std::string lines;
  for (int count = 0; count < 100; ++count) lines += std::string(98, 'x') + "\r\n";
  const std::string text =
      "Subject: a\r\n\r\nb {{age}} c\r\n" + lines + "d {{n}}\r\n" + lines + "e";
  Content content;
  const TemplateRead read = read_template(text, "t", &people());
  const TemplateKind kind(read.compiled);
  kind.make(facts_of(0), content);
  EXPECT_EQ(content.flattened(), std::string(kFront) + "Subject: a\r\n\r\nb 30 c\r\n" + lines +
                                     "d 0\r\n" + lines + "e\r\n");
  EXPECT_EQ(content.own(), std::string(kFront) + "Subject: a\r\n\r\nb 30 c\r\nd 0\r\n");
  // The end mark is behind what ends with a line.
  Output out;
  content.append_data(out);
  EXPECT_TRUE(out.flattened().ends_with("e\r\n.\r\n"));
}

TEST(Template, DotsOfSharedLinesAreDoubled) {
  std::string lines;
  for (int count = 0; count < 100; ++count) lines += std::string(98, 'x') + "\r\n";
  Content content;
  const TemplateRead read = read_template(".\r\n" + lines + ".y\r\n", "t", nullptr);
  const TemplateKind kind(read.compiled);
  kind.make(facts_of(0), content);
  EXPECT_EQ(content.own(), std::string(kFront) + "\r\n");
  Output out;
  content.append_data(out);
  EXPECT_TRUE(out.flattened().ends_with("\r\n\r\n..\r\n" + lines + "..y\r\n.\r\n"));
}

TEST(Template, SaysAllMistakesWithTheirPlaces) {
  EXPECT_EQ(
      mistakes("Subject: {{nam}}\nX-{{age}}: a\nnonsense\n\n\xc3\xa4 {{name\n{{}} {{ N }}\n"),
      (Mistakes{
          "news.eml:1:10: unknown field 'nam' (expected one of n, date, message_id, recipient, "
          "sender, random.word, random.number, email, name, bio, age)",
          "news.eml:2:3: a field in the name of a header field",
          "news.eml:3:1: no header field, nor an empty line that ends the header section",
          "news.eml:5:3: '{{' without '}}' on its line",
          "news.eml:6:1: unknown field '' (expected one of n, date, message_id, recipient, "
          "sender, random.word, random.number, email, name, bio, age)",
          "news.eml:6:6: unknown field 'N' (expected one of n, date, message_id, recipient, "
          "sender, random.word, random.number, email, name, bio, age)"}));
  EXPECT_EQ(mistakes("{{name}}\n", nullptr),
            (Mistakes{"news.eml:1:1: unknown field 'name' (expected one of n, date, message_id, "
                      "recipient, sender, random.word, random.number)"}));
}

TEST(Template, RefusesWhatIsNone) {
  using namespace std::string_literals;
  EXPECT_EQ(mistakes(""), Mistakes{"news.eml:1:1: an empty template"});
  EXPECT_EQ(mistakes("Subject: a\n\nb\0c\0\n"s), Mistakes{"news.eml:3:2: a NUL"});
}

TEST(Template, RefusesNamesWithTwoMeanings) {
  const Csv csv("date\nx\n", "x.csv");
  EXPECT_EQ(
      mistakes("\n{{date}}", &csv),
      Mistakes{"news.eml:2:1: 'date' has two meanings: x.csv has a column that is called so"});
  EXPECT_EQ(mistakes("\n{{n}}", &csv), Mistakes());
}

TEST(Template, RefusesDisplayNamesThatItCannotQuote) {
  for (const std::string_view name : {"\"{{name}}\" x", "a\\{{name}}", "{{name}} (x)",
                                      "\""
                                      "a\" \"{{name}}\""}) {
    const Mistakes all = mistakes("To: " + std::string(name) + " <a@b>\n\n");
    ASSERT_EQ(all.size(), 1U) << name;
    EXPECT_NE(all.front().find("in a display name with fields"), std::string::npos) << all.front();
  }
}

TEST(Template, RefusesValuesThatWouldBreakAHeader) {
  EXPECT_EQ(mistakes("Subject: {{bio}}\n\n"),
            Mistakes{"people.csv:3: 'bio' has a line break, which Subject cannot have"});
  EXPECT_EQ(mistakes("To: {{bio}} <{{email}}>\n\n"),
            Mistakes{"people.csv:3: 'bio' has a line break, which To cannot have"});
  EXPECT_EQ(mistakes("Content-Type: text/plain; name={{name}}\n\n"),
            Mistakes{"people.csv:6: 'name' has more than ASCII, which Content-Type cannot have"});
  const Csv csv("a\n1\n\xff\n\"\r\"\n", "x.csv");
  EXPECT_EQ(mistakes("Subject: {{a}}\nTo: {{a}}\n\n", &csv),
            (Mistakes{"x.csv:3: 'a' has what is not UTF-8, which Subject cannot have",
                      "x.csv:3: 'a' has what is not UTF-8, which To cannot have"}));
  EXPECT_EQ(mistakes("Subject: b\n\n{{a}}", &csv), Mistakes());
}

TEST(Template, RefusesRowsThatMakeALineTooLong) {
  const Csv csv("a,b\n1,2\n" + std::string(500, 'x') + "," + std::string(490, 'x') + "\n", "x.csv");
  EXPECT_EQ(mistakes("\n{{a}}{{b}}" + std::string(8, 'y'), &csv), Mistakes());
  EXPECT_EQ(mistakes("\n\n{{a}}{{b}}" + std::string(9, 'y'), &csv),
            Mistakes{"x.csv:3: makes line 3 of news.eml longer than 998 bytes"});
  EXPECT_EQ(mistakes("\n{{a}}\n{{b}}" + std::string(400, 'y'), &csv), Mistakes());
  // In quotes, in a header field.
  EXPECT_EQ(mistakes("X: {{a}}{{b}}y\n\n", &csv), Mistakes());
  EXPECT_EQ(mistakes("X: {{a}}{{b}}yy\n\n", &csv).size(), 1U);
  // The template's own line is its business.
  EXPECT_EQ(mistakes("\n{{a}}" + std::string(999, 'y'), &csv), Mistakes());
}

TEST(Template, LinesOfAFieldAreMeasuredEach) {
  const std::string half(600, 'x');
  const Csv csv("a\n\"" + half + "\n" + half + "\"\n", "x.csv");
  EXPECT_EQ(mistakes("\n" + std::string(398, 'y') + "{{a}}" + std::string(398, 'y'), &csv),
            Mistakes());
  EXPECT_EQ(mistakes("\n" + std::string(399, 'y') + "{{a}}", &csv).size(), 1U);
  EXPECT_EQ(mistakes("\n{{a}}" + std::string(399, 'y'), &csv).size(), 1U);
}

TEST(Template, TellsSoManyMistakesOnly) {
  std::string text = "\n";
  for (std::size_t count = 0; count <= kMostTemplateMistakes; ++count) text += "{{x}}\n";
  EXPECT_EQ(mistakes(text).size(), kMostTemplateMistakes);
  std::string fields = "\n";
  for (std::size_t count = 0; count < kMostTemplateFields; ++count) fields += "{{n}}\n";
  EXPECT_EQ(mistakes(fields), Mistakes());
  EXPECT_EQ(mistakes(fields + "{{n}}\n"), Mistakes{"news.eml:10002:1: more than 10000 fields"});
}

}  // namespace
}  // namespace millrace::mail
