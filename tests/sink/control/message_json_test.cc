#include "sink/control/message_json.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::sink {
namespace {

TEST(MessageJson, TellsOfAListenerWhoseNameIsNoUtf8) {
  EXPECT_EQ(summary_json({.listener = "unix:\xff"})["listener"].dump(), R"({"base64":"dW5peDr/"})");
}

TEST(MessageJson, LeavesOutTheEndOfALongSubject) {
  const std::string letter = "\xc3\xbc";
  std::string subject = "a";
  while (subject.size() < 2000) subject += letter;
  EXPECT_EQ(subject_of({.content = "Subject: " + subject + "\r\n\r\n"}), subject.substr(0, 999));
}

TEST(MessageJson, TellsOfASubjectThatIsShort) {
  EXPECT_EQ(subject_of({.content = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n"}),
            "Gr\xc3\xbc\xc3\x9f"
            "e");
}

}  // namespace
}  // namespace millrace::sink
