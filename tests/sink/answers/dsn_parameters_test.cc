#include "sink/answers/dsn_parameters.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::sink {
namespace {

TEST(DsnParameters, AnEnvelopeIdIsDecoded) {
  const std::string path = "FROM:<ann@a.example>";
  EXPECT_EQ(envelope_id(path + " ENVID=QQ314159"), "QQ314159");
  EXPECT_EQ(envelope_id(path + " SIZE=5 envid=a+2Bb+20+3Dc RET=HDRS"), "a+b =c");
  EXPECT_EQ(envelope_id("FROM:<\"> ENVID=x\"@a> RET=FULL"), "");
  for (const char* none : {"", " ENVID", " ENVID=", " XENVID=1", " ENVID=a+2", " ENVID=+",
                           " ENVID=+zz", " ENVID=+2z", " ENVID=+-1"}) {
    EXPECT_EQ(envelope_id(path + none), "") << none;
  }
}

// RFC 3461, 4.1: a failure is told of unless NOTIFY leaves it out.
TEST(DsnParameters, AFailureIsToldOfUnlessItIsLeftOut) {
  const auto failure = [](const std::string& parameters) {
    return notification_request("TO:<bob@b.example>" + parameters).failure;
  };
  for (const char* yes : {"", " NOTIFY=FAILURE", " notify=success,failure", " NOTIFY=FAILURE,DELAY",
                          " ORCPT=rfc822;NOTIFY=NEVER", " NOTIFY=", " XNOTIFY=NEVER"}) {
    EXPECT_TRUE(failure(yes)) << yes;
  }
  for (const char* no : {" NOTIFY=NEVER", " NOTIFY=SUCCESS", " notify=delay,success",
                         " ORCPT=rfc822;x@y NOTIFY=NEVER", " NOTIFY=FAILURES"}) {
    EXPECT_FALSE(failure(no)) << no;
  }
}

TEST(DsnParameters, AnOriginalRecipientIsDecoded) {
  const auto original = [](const std::string& parameters) {
    return notification_request("TO:<bob@b.example>" + parameters).original_recipient;
  };
  EXPECT_EQ(original(" ORCPT=rfc822;bob+2Bx@b.example"), "rfc822;bob+x@b.example");
  EXPECT_EQ(original(" NOTIFY=NEVER orcpt=utf-8;\\x{E4}@b"), "utf-8;\\x{E4}@b");
  EXPECT_EQ(original(" ORCPT=utf-8;\xc3\xa4@b"), "utf-8;\xc3\xa4@b");
  for (const char* none : {"", " ORCPT=", " ORCPT=bob@b", " ORCPT=;bob@b", " ORCPT=rfc822;",
                           " ORCPT=rfc+20822;bob@b", " ORCPT=rfc822;bob+@b", " ORCPT=\xff;x"}) {
    EXPECT_EQ(original(none), "") << none;
  }
}

}  // namespace
}  // namespace millrace::sink
