#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string>

#include "base/calendar.h"
#include "base/diagnostics.h"

namespace millrace {
namespace {

TEST(Diagnostics, ShowsWhatDoesNotPrintAsQuestionMarks) {
  EXPECT_EQ(printable(std::string("a\r\n\x1b[31m\0\xff~", 11)), "a???[31m??~");
}

TEST(Diagnostics, NamesAnErrorOfTheSystem) {
  EXPECT_EQ(describe_error("connect", ECONNREFUSED), "connect: Connection refused");
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
