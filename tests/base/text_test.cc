#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include "base/calendar.h"
#include "base/diagnostics.h"
#include "base/printable.h"

namespace millrace {
namespace {

TEST(Printable, EscapesWhatCouldDriveATerminal) {
  for (const Charset charset : {Charset::ascii, Charset::utf8}) {
    EXPECT_EQ(printable(std::string("a\r\n\t\x1b[31m\0\x7f~ \\", 14), charset),
              "a\\r\\n\\t\\x1b[31m\\x00\\x7f~ \\");
    // C1 by itself, which terminals of one byte a character obey.
    EXPECT_EQ(printable("\x9b"
                        "31m \x80 \xff",
                        charset),
              "\\x9b31m \\x80 \\xff");
  }
  EXPECT_EQ(printable("\xc3\xbc", Charset::ascii), "\\xc3\\xbc");
}

TEST(Printable, LetsTheLettersOfAllLanguagesPass) {
  for (const char* const text : {"f\u00f6\u00f6@\u65e5\u672c.example",
                                 "\u00a0\u07ff\u0800\uffee\U0001f600\U00100000\U0010ffff"}) {
    EXPECT_EQ(printable(text, Charset::utf8), text);
  }
}

TEST(Printable, EscapesWhatUtf8Hides) {
  const auto shown = [](std::string_view text) { return printable(text, Charset::utf8); };
  EXPECT_EQ(shown("\u009b31m"), "\\u009b31m");            // C1
  EXPECT_EQ(shown("a\u202egpj.exe"), "a\\u202egpj.exe");  // an override of the direction
  EXPECT_EQ(shown("\u2066\u200f\u061c"), "\\u2066\\u200f\\u061c");
  EXPECT_EQ(shown("\u2028\ufeff\U000e0041"), "\\u2028\\ufeff\\ue0041");
  // What is no UTF-8: cut short, overlong, a surrogate, beyond the last character.
  EXPECT_EQ(shown("\xc3"), "\\xc3");
  EXPECT_EQ(shown("\xc3x"), "\\xc3x");
  EXPECT_EQ(shown("\xe2\x82"), "\\xe2\\x82");
  EXPECT_EQ(shown("\xc0\x9b"), "\\xc0\\x9b");
  EXPECT_EQ(shown("\xe0\x82\x9b"), "\\xe0\\x82\\x9b");
  EXPECT_EQ(shown("\xf0\x80\x82\x9b"), "\\xf0\\x80\\x82\\x9b");
  EXPECT_EQ(shown("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(shown("\xed\xbf\xbf"), "\\xed\\xbf\\xbf");
  EXPECT_EQ(shown("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(shown("\xfc\x80\x80\x80"), "\\xfc\\x80\\x80\\x80");
}

TEST(Printable, TheBeginningOfATextIsOfWholeCharacters) {
  EXPECT_EQ(beginning("", 3), "");
  EXPECT_EQ(beginning("abc", 3), "abc");
  EXPECT_EQ(beginning("abcd", 3), "abc...");
  EXPECT_EQ(beginning("ab\u00fc", 4), "ab\u00fc");
  EXPECT_EQ(beginning("ab\u00fcd", 4), "ab\u00fc...");
  EXPECT_EQ(beginning("ab\u00fcd", 3), "ab...");
  EXPECT_EQ(beginning("ab\U0001f600d", 5), "ab...");
  // What is no UTF-8 is shown escaped, so that nothing is lost where it is cut.
  EXPECT_EQ(beginning("\xbf\xbf\xbf\xbf\xbf\xbf\xbf", 6), "\xbf\xbf\xbf...");
  EXPECT_EQ(beginning("\xbf\xbf\xbf", 2), "...");
}

TEST(InQuotes, IsShortAndPrintable) {
  EXPECT_EQ(in_quotes("a b"), "'a b'");
  EXPECT_EQ(in_quotes(std::string_view("a\0\n\x1b", 4)), "'a\\x00\\n\\x1b'");
  EXPECT_EQ(in_quotes(std::string(100, 'a')), "'" + std::string(80, 'a') + "...'");
}

TEST(Diagnostics, NamesAnErrorOfTheSystem) {
  EXPECT_EQ(describe_error("connect", ECONNREFUSED), "connect: Connection refused");
}

TEST(Diagnostics, AMessageIsALineWithTheNameOfTheProgram) {
  testing::internal::CaptureStderr();
  set_program_name("/usr/bin/smtp-sink");
  warn("what\nwas said");
  report_fatal("the end");
  inform("by the way");
  set_program_name("millrace");
  inform("");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "smtp-sink: warning: what\\nwas said\nsmtp-sink: fatal: the end\n"
            "smtp-sink: by the way\nmillrace: \n");
}

TEST(Diagnostics, MessagesMayBeDiverted) {
  std::string said;
  testing::internal::CaptureStderr();
  divert_messages([&said](std::string_view line) { said += line; });
  warn("one");
  divert_messages({});
  inform("two");
  EXPECT_EQ(said, "millrace: warning: one\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "millrace: two\n");
}

// A program looks once at its environment: each of these is another program.
void expect_charset(Charset charset, const char* all, const char* ctype, const char* lang) {
  const auto set = [](const char* name, const char* value) {
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        set("LC_ALL", all);
        set("LC_CTYPE", ctype);
        set("LANG", lang);
        _exit(charset_of_locale() == Charset::utf8 ? 1 : 0);
      },
      testing::ExitedWithCode(charset == Charset::utf8 ? 1 : 0), "");
}

TEST(Printable, ShowsUtf8WhereTheFirstWordOnTheLocaleSaysSo) {
  expect_charset(Charset::utf8, "en_GB.UTF-8", "C", "C");
  expect_charset(Charset::utf8, nullptr, "de_DE.utf8", "C");
  expect_charset(Charset::utf8, "", "", "C.Utf-8");
  expect_charset(Charset::ascii, "C", "en_GB.UTF-8", "en_GB.UTF-8");
  expect_charset(Charset::ascii, nullptr, "de_DE@euro", "C.UTF-8");
  expect_charset(Charset::ascii, nullptr, nullptr, nullptr);
}

TEST(Calendar, WritesDatesAsMailDoes) {
  setenv("TZ", "UTC", 1);
  tzset();
  EXPECT_EQ(mail_date(1795239281), "Sat, 21 Nov 2026 05:34:41 +0000 (UTC)");
}

TEST(Calendar, ExpandsTemplatesOfAnyLength) {
  setenv("TZ", "UTC", 1);
  tzset();
  EXPECT_EQ(format_local_time("%Y%m%d/%H.", 1795239281), "20261121/05.");
  EXPECT_EQ(format_local_time("", 0), "");
  EXPECT_EQ(format_local_time("%%", 0), "%");
  std::string many;
  for (int i = 0; i < 200; ++i) many += "%Y";
  EXPECT_EQ(format_local_time(many, 1795239281).size(), 800U);
}

}  // namespace
}  // namespace millrace
