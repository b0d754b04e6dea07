#include "cli/fleet_options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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
  const char* const search =
      "--find-rate and --find-sessions search with one process: use smtp-source";
  EXPECT_EQ(refusal({"--find-rate", "p99<1s"}), search);
  EXPECT_EQ(refusal({"--find-sessions", "p99<1s"}), search);
  EXPECT_EQ(refusal({"--show", "1"}), "--show sends nothing: use smtp-source");
  EXPECT_EQ(refusal({"-c"}), "-c counts the messages of one process: use --summary or --json");
  const char* const files =
      "--log and --stamp write a file for each process: use smtp-source --part";
  EXPECT_EQ(refusal({"--log", "x"}), files);
  EXPECT_EQ(refusal({"--stamp", "x"}), files);
}

}  // namespace
}  // namespace millrace::cli
