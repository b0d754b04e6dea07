#include "report/threshold.h"

#include <gtest/gtest.h>

#include "report/text.h"
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
  EXPECT_EQ(judged("messages>1000").value, "1,000");
  EXPECT_EQ(judged("errors<0.1%").value, "0%");
  const auto least = static_cast<double>(run.measurement.total.intended.least());
  EXPECT_EQ(judged("min<1ms").value, latency(least));
}

TEST(Threshold, KnowsOfHowManyMessagesItSaysSomething) {
  const auto needed = [](const char* text) { return Threshold(text).messages_needed(); };
  EXPECT_EQ(needed("p99.9<1s"), 1'000U);
  EXPECT_EQ(needed("service.p99<1s"), 100U);
  EXPECT_EQ(needed("p70<1s"), 4U);
  EXPECT_EQ(needed("errors<=0.1%"), 1'000U);
  EXPECT_EQ(needed("errors<0.1%"), 1'001U);  // one of a thousand is not less
  EXPECT_EQ(needed("errors<=3%"), 34U);
  EXPECT_EQ(needed("errors<3%"), 34U);
  for (const char* const text : {"errors<=0", "errors<100%", "max<1s", "min<1s", "mean<1s", "p0<1s",
                                 "p100<1s", "rate>5/s", "messages>5"}) {
    EXPECT_EQ(needed(text), 1U) << text;
  }
}

TEST(Threshold, OfAPercentileIsTheValueThatTheSummaryShows) {
  report::Run run = sample_run(1, 5);
  metrics::Histogram& intended = run.measurement.total.intended;
  intended.clear();
  for (int i = 1; i <= 1'000; ++i) intended.record(i * 1us);
  for (int tenths = 1; tenths <= 1'000; ++tenths) {
    const std::string percentile = std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
    const std::string bound = std::to_string(tenths) + "us";
    for (const char* const sign : {"<=", ">="}) {
      const std::string text = "p" + percentile + sign + bound;
      EXPECT_TRUE(Threshold(text).judge(run.measurement).passed) << text;
    }
  }
}

TEST(Threshold, TellsLessFromLessOrEqual) {
  report::Run run = sample_run(10, 20);
  run.measurement.total.counters.delivered = 1'000;
  const auto passes = [&](const char* text) {
    return Threshold(text).judge(run.measurement).passed;
  };
  EXPECT_TRUE(passes("messages<=1000"));
  EXPECT_FALSE(passes("messages<1000"));
  EXPECT_TRUE(passes("messages>=1000"));
  EXPECT_FALSE(passes("messages>1000"));
  EXPECT_TRUE(passes("messages>999"));
  EXPECT_TRUE(passes("messages > 9"));
  EXPECT_FALSE(passes("messages<9"));
}

TEST(Threshold, OfALatencyIsMissedWhereWhatFailedWouldHaveToBeKnown) {
  report::Run run = sample_run(10, 20);  // a thousand of 20 to 22 ms
  metrics::Counters& counters = run.measurement.total.counters;
  const auto judged = [&](const char* text) { return Threshold(text).judge(run.measurement); };
  counters.unstarted = 20;  // 1.96%
  for (const char* const text : {"p99<1h", "max<1h", "p99.9<1h", "p98.1<1h", "service.p99<1h",
                                 "mail.p99<1h", "p99>1us", "mean<1h", "mean>1us", "mail.mean<1h"}) {
    EXPECT_FALSE(judged(text).passed) << text;
    EXPECT_EQ(judged(text).value, "1.96% failed") << text;
  }
  for (const char* const text : {"p98<1h", "p50<1h", "min<1h", "mail.p98<1h"}) {
    EXPECT_TRUE(judged(text).passed) << text;
  }
  EXPECT_FALSE(judged("errors<1%").passed);
  // What was refused was answered: a phase knows it.
  counters.unstarted = 0;
  counters.refused = 20;
  EXPECT_FALSE(judged("p99<1h").passed);
  EXPECT_TRUE(judged("mail.p99<1h").passed);
  EXPECT_TRUE(judged("mail.mean<1h").passed);
  // Nobody counts how far it went behind MAIL, but that it was refused there.
  for (const auto phase : {metrics::LatencyPhase::rcpt, metrics::LatencyPhase::data,
                           metrics::LatencyPhase::content, metrics::LatencyPhase::transaction}) {
    run.measurement.total[phase] = run.measurement.total[metrics::LatencyPhase::mail];
  }
  for (const char* const text : {"data.p99<1h", "content.p99<1h", "transaction.p99<1h"}) {
    EXPECT_FALSE(judged(text).passed) << text;
    EXPECT_EQ(judged(text).value, "1.96% failed") << text;
  }
  // Those that were refused there have a time, too.
  run.measurement.total[metrics::LatencyPhase::content].record(1s, 15);
  EXPECT_EQ(judged("content.p99.9<1h").value, "0.49% failed");
  EXPECT_TRUE(judged("content.p99<1h").passed);
  EXPECT_FALSE(judged("content.p99<500ms").passed);
  EXPECT_EQ(judged("data.p99<1h").value, "1.96% failed");
  EXPECT_TRUE(judged("rcpt.p99<1h").passed);
  const std::size_t mail = smtp::index(smtp::Verb::mail);
  run.measurement.total.replies.add(mail, {.code = 250, .times = 1'000});
  EXPECT_TRUE(judged("rcpt.p99<1h").passed);
  run.measurement.total.replies.add(mail, {.code = 451, .times = 5});
  run.measurement.total.replies.add(mail, {.code = 550, .times = 9});
  run.measurement.total.replies.add(mail, {.code = 421, .times = 9});
  EXPECT_EQ(judged("rcpt.p99<1h").value, "1.37% failed");
  counters.retries = 5;  // of what got 451
  EXPECT_EQ(judged("rcpt.p99.9<1h").value, "0.88% failed");
  counters.retries = 0;
  EXPECT_TRUE(judged("mail.p99<1h").passed);
  for (std::uint64_t metrics::Counters::*unanswered :
       {&metrics::Counters::lost, &metrics::Counters::unfinished}) {
    counters.*unanswered = 20;
    EXPECT_FALSE(judged("mail.p99<1h").passed);
    counters.*unanswered = 0;
  }
  // Exactly as many as are left out.
  counters.refused = 0;
  counters.delivered = 990;
  counters.lost = 10;
  EXPECT_TRUE(judged("p99<1h").passed);
  counters.lost = 991;
  EXPECT_TRUE(judged("min<1h").passed);
}

// With the slowest lost, the percentile of all is a higher one of the rest.
TEST(Threshold, OfALatencyIsThePercentileOfAllAndNotOfTheRest) {
  report::Run run = sample_run(10, 20);
  const auto judged = [&](const char* text) { return Threshold(text).judge(run.measurement); };
  metrics::Counters& counters = run.measurement.total.counters;
  counters.delivered = 990;
  counters.lost = 10;
  for (const char* const clock : {"intended", "mail"}) {
    metrics::Histogram& histogram = clock == std::string_view("mail")
                                        ? run.measurement.total[metrics::LatencyPhase::mail]
                                        : run.measurement.total.intended;
    histogram.clear();
    for (int i = 0; i < 985; ++i) histogram.record(1s);
    for (int i = 0; i < 5; ++i) histogram.record(9s);  // the 986th to the 990th of a thousand
  }
  for (const std::string clock : {"", "mail."}) {
    EXPECT_FALSE(judged((clock + "p99<5s").c_str()).passed) << clock;
    EXPECT_EQ(judged((clock + "p99<5s").c_str()).value, "9.00 s of all (1.00% failed)") << clock;
    EXPECT_TRUE(judged((clock + "p98.5<5s").c_str()).passed) << clock;
    EXPECT_FALSE(judged((clock + "p98.6<5s").c_str()).passed) << clock;
    EXPECT_EQ(judged((clock + "p99.1<1h").c_str()).value, "1.00% failed") << clock;
  }
  EXPECT_EQ(judged("min<1h").value, "1.00 s");
}

// A thousand copies that the server accepted, of which so many arrived in 2 s each.
metrics::EndToEnd arrived(std::uint64_t number) {
  metrics::EndToEnd behind{.asked = 1'000, .accepted = 1'000, .arrived = number, .backlog = 250};
  for (std::uint64_t i = 0; i < number; ++i) behind.latency.record(2s);
  return behind;
}

TEST(Threshold, AreHeldAgainstWhatBecameOfMessagesBehindTheServer) {
  report::Run run = sample_run(10, 20);  // a thousand that were delivered
  const auto judged = [&](const char* text) { return Threshold(text).judge(run.measurement); };
  for (const char* const text : {"e2e.p99<5s", "e2e.min>1us", "backlog<1000", "backlog>=0"}) {
    EXPECT_FALSE(judged(text).passed) << text;  // nobody looked
    EXPECT_EQ(judged(text).value, "not known") << text;
  }
  run.measurement.end_to_end = arrived(1'000);
  for (const char* const text : {"e2e.p99<2.1s", "e2e.max<2.1s", "e2e.mean > 1.9s", "backlog<251",
                                 "backlog<=250", "p99<25ms"}) {
    EXPECT_TRUE(judged(text).passed) << text;
  }
  EXPECT_FALSE(judged("e2e.p50<1s").passed);
  EXPECT_FALSE(judged("backlog<250").passed);
  EXPECT_EQ(judged("backlog<250").value, "250");
  EXPECT_EQ(judged("e2e.p50<1s").value, "2.00 s");
}

TEST(Threshold, ToTheArrivalIsMissedWhereWhatDidNotArriveWouldHaveToBeKnown) {
  report::Run run = sample_run(10, 20);
  const auto judged = [&](const char* text) { return Threshold(text).judge(run.measurement); };
  run.measurement.end_to_end = arrived(990);
  EXPECT_TRUE(judged("e2e.p99<5s").passed);
  EXPECT_TRUE(judged("e2e.min<5s").passed);
  for (const char* const text : {"e2e.p99.1<5s", "e2e.max<1h", "e2e.mean<1h", "e2e.max>1s"}) {
    EXPECT_FALSE(judged(text).passed) << text;
    EXPECT_EQ(judged(text).value, "1.00% was not accepted or did not arrive") << text;
  }
  EXPECT_TRUE(judged("p99.1<5s").passed);  // to the server's yes all is well
  run.measurement.end_to_end = arrived(0);
  EXPECT_EQ(judged("e2e.min<1h").value, "100.0% was not accepted or did not arrive");
  EXPECT_FALSE(judged("e2e.min<1h").passed);
  // Of nothing that was accepted there is no backlog, which says nothing.
  run.measurement.total.counters.delivered = 0;
  EXPECT_FALSE(judged("backlog<1000").passed);
}

// A server that takes half of a message's recipients has not passed on the other half.
TEST(Threshold, ToTheArrivalCountsCopiesThatTheServerRefused) {
  report::Run run = sample_run(10, 20);
  const auto judged = [&](const char* text) { return Threshold(text).judge(run.measurement); };
  metrics::EndToEnd& behind = run.measurement.end_to_end.emplace(arrived(1'000));
  behind.asked = 2'000;
  EXPECT_FALSE(judged("e2e.p99<5s").passed);
  EXPECT_EQ(judged("e2e.p99<5s").value, "50.0% was not accepted or did not arrive");
  EXPECT_TRUE(judged("e2e.p50<5s").passed);
  EXPECT_FALSE(judged("e2e.p50.1<5s").passed);
}

// With the slowest missing, the percentile of all is a higher one of the rest.
TEST(Threshold, ToTheArrivalIsThePercentileOfAllAndNotOfTheRest) {
  report::Run run = sample_run(10, 20);
  const auto judged = [&](const char* text) { return Threshold(text).judge(run.measurement); };
  metrics::EndToEnd& behind = run.measurement.end_to_end.emplace();
  behind = {.asked = 1'000, .accepted = 1'000, .arrived = 990};
  for (int i = 0; i < 985; ++i) behind.latency.record(1s);
  for (int i = 0; i < 5; ++i) behind.latency.record(9s);  // the 986th to the 990th of a thousand
  EXPECT_FALSE(judged("e2e.p99<5s").passed);
  EXPECT_EQ(judged("e2e.p99<5s").value, "9.00 s of all (1.00% was not accepted or did not arrive)");
  EXPECT_TRUE(judged("e2e.p98.5<5s").passed);
  EXPECT_FALSE(judged("e2e.p98.6<5s").passed);
}

TEST(Threshold, SaysWhetherItIsAboutArrivals) {
  EXPECT_TRUE(Threshold("backlog<5").end_to_end());
  EXPECT_TRUE(Threshold("e2e.mean<5s").end_to_end());
  EXPECT_FALSE(Threshold("p99<5s").end_to_end());
  EXPECT_FALSE(Threshold("service.p99<5s").end_to_end());
  EXPECT_EQ(Threshold("e2e.p99<5s").arrival_bound(), 5s);
  EXPECT_FALSE(Threshold("p99<5s").arrival_bound());
  EXPECT_FALSE(Threshold("e2e.max>5s").arrival_bound());  // it may take longer
  EXPECT_FALSE(Threshold("backlog<5").arrival_bound());
}

TEST(Threshold, WhatIsNoneIsRefusedWithWhatIsExpected) {
  for (const char* const text :
       {"", "p99", "p99<", "<5ms", "p99=5ms", "p101<5ms", "q5<5ms", "p99<5x", "rate>=fast",
        "errors<x%", "bogus.p99<5ms", "p99<<5ms"}) {
    EXPECT_NE(message_of([&] { Threshold{text}; }).find("expected a figure"), std::string::npos)
        << text;
  }
}

TEST(Threshold, ALongTextIsNotQuotedWhole) {
  for (const char* const start : {"x", "p99<", "p99=", "rate<"}) {
    const std::string said = message_of([&] { Threshold{start + std::string(100'000, 'y')}; });
    EXPECT_EQ(said.rfind(std::string("bad threshold: ") + start, 0), 0U) << said.substr(0, 500);
    EXPECT_NE(said.find("yyy... (--threshold: expected"), std::string::npos);
    EXPECT_LT(said.size(), 300U);
  }
}

// Of a single one as well: its commands were timed, and it was lost.
TEST(Threshold, OfAPhaseIsMissedWhenTheOnlyMessageFailed) {
  metrics::Measurement measured;
  measured.total.counters.lost = 1;
  measured.total[metrics::LatencyPhase::mail].record(1ms);
  EXPECT_EQ(Threshold("mail.p99<1h").judge(measured).value, "100.0% failed");
}

TEST(Threshold, OfErrorsFailsWhereNothingWasMeasured) {
  const Verdict verdict = Threshold("errors<1%").judge(metrics::Measurement{});
  EXPECT_FALSE(verdict.passed);
  EXPECT_EQ(verdict.value, "nothing measured");
}

}  // namespace
}  // namespace millrace::report
