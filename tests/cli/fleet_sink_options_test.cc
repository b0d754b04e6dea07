#include "cli/fleet_sink_options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sample_run.h"

namespace millrace::cli {
namespace {

using namespace std::chrono_literals;

SinkArguments read_sink(std::vector<const char*> words) {
  words.insert(words.begin(), "smtp-sink-mpi");
  words.push_back("h:1");
  return read_fleet_sink_arguments(static_cast<int>(words.size()), words.data());
}

std::string sink_refusal(const std::vector<const char*>& words) {
  return test::message_of([&] { read_sink(words); });
}

TEST(FleetSinkOptions, AreThoseOfTheSink) {
  const SinkArguments given = read_sink({"-c", "-M", "7"});
  EXPECT_TRUE(given.counter);
  EXPECT_EQ(given.stop_after_messages, 7U);
  EXPECT_EQ(given.endpoint, "h:1");
}

TEST(FleetSinkOptions, ImplyASummaryUnlessSomethingElseIsWrittenThere) {
  EXPECT_TRUE(read_sink({}).report.summary);
  EXPECT_FALSE(read_sink({"--json", "-"}).report.summary);
}

TEST(FleetSinkOptions, AreNotThoseOfOneProcess) {
  EXPECT_EQ(sink_refusal({"--check-rules"}), "--check-rules takes no mail: use smtp-sink");
  const char* const dumps = "-d and -D write files for each process: use smtp-sink on each host";
  EXPECT_EQ(sink_refusal({"-d", "x"}), dumps);
  EXPECT_EQ(sink_refusal({"-D", "x"}), dumps);
  EXPECT_EQ(sink_refusal({"--store", "mbox:x"}),
            "--store keeps what one process takes: use smtp-sink on each host");
  EXPECT_EQ(sink_refusal({"--verify", "x"}),
            "--verify writes a journal for each process: use smtp-sink on each host");
  EXPECT_EQ(sink_refusal({"--http", ":1"}),
            "--http asks and steers one process: use smtp-sink on each host");
  const char* const rights =
      "-u and -R give up rights that MPI needs to the end: have mpirun started by that user";
  EXPECT_EQ(sink_refusal({"-u", "x"}), rights);
  EXPECT_EQ(sink_refusal({"-R", "/"}), rights);
}

TEST(FleetSinkOptions, SayForAllWhatEndsThem) {
  for (const SinkOpening& opening :
       {SinkOpening{}, SinkOpening{.goal = {.messages = 3}}, SinkOpening{.goal = {.quits = 0}},
        SinkOpening{.goal = {.idle = 90s}}, SinkOpening{.counted = true}}) {
    EXPECT_EQ(read_sink_opening(to_letter(opening)), opening);
    EXPECT_EQ(opening.watched(), opening != SinkOpening{});
  }
}

TEST(FleetSinkOptions, AreSharedBetweenRanks) {
  sink::SinkOptions options{.message_quota = 1, .quit_quota = 2, .show_counters = true};
  EXPECT_EQ(goal_of(options), (SinkGoal{.messages = 1, .quits = 2}));
  options.answers.emplace().rate = 10;
  options.seed = 7;
  take_share(options, {.goal = {.messages = 5, .idle = 9s}, .counted = true}, 3, 4);
  EXPECT_EQ(goal_of(options), (SinkGoal{.messages = 5, .idle = 9s}));
  EXPECT_FALSE(options.show_counters);
  EXPECT_EQ(options.answers->rate, 2.5);
  EXPECT_EQ(options.seed, 10U);
}

}  // namespace
}  // namespace millrace::cli
