#include "report/threshold.h"

#include <gtest/gtest.h>

#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using test::message_of;
using test::sample_run;

TEST(Threshold, AreMetOrNot) {
  const report::Run run = sample_run(10, 20);  // 100/s, 20 to 22 ms
  const auto judged = [&](const char* text) { return Threshold(text).judge(run.measurement); };
  for (const char* const text :
       {"p99<25ms", "p50 > 19ms", "p99.9<=0.025", "max<25ms", "min>=19.9ms", "mean<22ms",
        "errors<0.1%", "errors<=0", "rate>=100/s", "rate>5999/m", "messages>=1000", "mail.p50<6ms",
        "service.p99<1"}) {
    EXPECT_TRUE(judged(text).passed) << text << ": " << judged(text).value;
  }
  for (const char* const text :
       {"p99<20ms", "rate>100/s", "rate<100", "messages>1000", "mail.max<1ms", "max<=20ms"}) {
    EXPECT_FALSE(judged(text).passed) << text << ": " << judged(text).value;
  }
  EXPECT_FALSE(judged("tls.p50<1h").passed);
  EXPECT_EQ(judged("tls.p50<1h").value, "nothing measured");
  EXPECT_EQ(judged("rate>100/s").value, "100.0/s");
}

TEST(Threshold, WhatIsNoneIsRefusedWithWhatIsExpected) {
  for (const char* const text :
       {"", "p99", "p99<", "<5ms", "p99=5ms", "p101<5ms", "q5<5ms", "p99<5x", "rate>=fast",
        "errors<x%", "bogus.p99<5ms", "p99<<5ms"}) {
    EXPECT_NE(message_of([&] { Threshold{text}; }).find("expected a figure"), std::string::npos)
        << text;
  }
}

}  // namespace
}  // namespace millrace::report
