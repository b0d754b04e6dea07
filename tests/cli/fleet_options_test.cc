#include "cli/fleet_options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/source_command_line.h"
#include "sample_run.h"

namespace millrace::cli {
namespace {

SourceArguments read(std::vector<const char*> words) {
  words.insert(words.begin(), "smtp-source-mpi");
  words.push_back("h:1");
  return read_fleet_arguments(static_cast<int>(words.size()), words.data());
}

std::string refusal(const std::vector<const char*>& words) {
  return test::message_of([&] { read(words); });
}

TEST(FleetOptions, AreThoseOfTheSource) {
  const SourceArguments given = read({"--rate", "60000/s", "-d", "--progress", "off"});
  EXPECT_TRUE(given.rate);
  EXPECT_EQ(given.endpoint, "h:1");
}

TEST(FleetOptions, ImplyASummaryUnlessSomethingElseIsWrittenThere) {
  EXPECT_TRUE(read({}).report.summary);
  EXPECT_FALSE(read({"--json", "-"}).report.summary);
}

TEST(FleetOptions, AreNotThoseOfOneProcess) {
  EXPECT_EQ(refusal({"--part", "1/2"}), "--part: each rank is a part of the run already");
  EXPECT_EQ(refusal({"--show", "1"}), "--show sends nothing: use smtp-source");
  EXPECT_EQ(refusal({"-c"}), "-c counts the messages of one process: use --summary or --json");
  const char* const files =
      "--log and --stamp write a file for each process: use smtp-source --part";
  EXPECT_EQ(refusal({"--log", "x"}), files);
  EXPECT_EQ(refusal({"--stamp", "x"}), files);
  // That has no searches.
  EXPECT_EQ(refusal({"--stamp", "x", "--find-rate", "e2e.p99<5s"}),
            "--stamp in a search (for e2e and backlog) is for one process, on the host of the "
            "sink: use smtp-source");
}

TEST(FleetOptions, WarnOfWhatTheSourceWarnsOf) {
  EXPECT_EQ(refusal({"-d", "30s"}),
            "-d keeps the session for the next message and takes no value; for a run of 30s: "
            "--duration 30s (see smtp-source-mpi --help)");
  testing::internal::CaptureStderr();
  read({"-R", "2000", "--auth-password", "secret"});
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("warning: -R waits a random time"), std::string::npos) << said;
  EXPECT_NE(said.find("warning: --auth-password shows it"), std::string::npos) << said;
}

// As rank 0 of four has it.
SourceCommandLine build_rank(const std::vector<const char*>& words) {
  SourceArguments given = read(words);
  given.seed = 1;
  given.rank = {.number = 0, .of = 4};
  return build_source(given, {.host_name = "host"});
}

TEST(FleetOptions, SendWithEachRank) {
  EXPECT_EQ(test::message_of([] {
              build_rank({"-m", "9", "-s", "3"});
            }),
            "3 sessions (-s) for 4 ranks: each needs one");
}

TEST(FleetOptions, SearchWithAllRanks) {
  const SourceCommandLine line = build_rank({"--find-rate", "p99<1s", "-s", "8"});
  ASSERT_TRUE(line.capacity);
  EXPECT_EQ(line.source.part.of, 4U);
  EXPECT_EQ(line.source.own_sessions(), 2U);
}

TEST(FleetOptions, SearchSessionsOfWhichEachRankHasOne) {
  const auto range = [](const std::vector<const char*>& words) {
    return build_rank(words).capacity->task.range;
  };
  EXPECT_EQ(range({"--find-sessions", "p99<1s"}).low, 4);
  EXPECT_EQ(range({"--find-sessions", "p99<1s", "--session-range", "4-9"}).low, 4);
  EXPECT_EQ(test::message_of([&] {
              build_rank({"--find-sessions", "p99<1s", "--session-range", "3-9"});
            }),
            "3 sessions for 4 ranks are too few, each needs one: use a --session-range from 4 on");
}

}  // namespace
}  // namespace millrace::cli
