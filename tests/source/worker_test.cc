#include "source/worker.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "net/address_pool.h"
#include "net/wake_up.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;

// Its only session waits for a greeting, and a thousand messages a second are due meanwhile.
TEST(Worker, WhatItMeasuredOutlivesALoopThatFails) {
  const FileDescriptor listener =
      net::listen_on(*net::numeric_address("127.0.0.1", 0), 10, false, {});
  SourceOptions options;
  options.endpoint =
      net::parse_remote("127.0.0.1:" + std::to_string(net::local_address(listener).port()), "25");
  options.load.open_loop = true;
  options.load.schedule = {{.name = "run", .length = 1h, .from = 1'000, .to = 1'000}};
  options.messages = 1'000'000;
  options.measure = true;
  for (const net::Engine& engine : net::engines()) {
    if (!engine.available()) continue;
    options.engine = &engine;
    int ends = 0;
    source::Run run(options, [&ends] { ++ends; });
    Recordings recordings(run);
    net::WakeUp trouble;
    Worker worker(run, {.recordings = &recordings}, 0, 1);
    trouble.attach(worker.loop(), [&] {
      if (Clock::now() > run.load().start() + 50ms) throw Fatal("made up");
      trouble.wake();
    });
    trouble.wake();
    run.load().begin(Clock::now());
    testing::internal::CaptureStderr();
    worker.run();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "millrace: fatal: made up\n");
    EXPECT_EQ(ends, 1);
    const metrics::Counters& counters = worker.recorder()->stages()[0].counters;
    EXPECT_EQ(counters.started, 1U);
    EXPECT_EQ(counters.unfinished, 1U);
    EXPECT_GE(counters.unstarted, 40U);
    const std::vector<metrics::Row> rows = recordings.timeline().rows();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].counters.unstarted, counters.unstarted);
  }
}

}  // namespace
}  // namespace millrace::source
