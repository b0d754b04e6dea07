#include "cli/source_part.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "base/calendar.h"
#include "base/diagnostics.h"
#include "cli/source_arguments.h"
#include "cli/source_command_line.h"

namespace millrace::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;
using Variables = std::map<std::string, std::string>;

template <typename Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const Fatal& error) {
    return error.what();
  }
  return {};
}

SourceArguments read(std::vector<const char*> words) {
  words.insert(words.begin(), "smtp-source");
  return read_source_arguments(static_cast<int>(words.size()), words.data());
}

source::Part part_among(const char* value, const Variables& variables) {
  return part_of(*read({"--part", value, "h:1"}).part, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

// "1/3", counted from 0 as variables have it.
std::string found(const char* value, const Variables& variables) {
  const source::Part part = part_among(value, variables);
  return std::to_string(part.number) + "/" + std::to_string(part.of);
}

std::string refused(const char* value, const Variables& variables) {
  return refusal([&] { part_among(value, variables); });
}

TEST(SourcePart, IsSaidByTheOptionOrByWhoeverStartedTheProgram) {
  EXPECT_EQ(found("1/1", {}), "0/1");
  EXPECT_EQ(found("3/3", {{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}}), "2/3");
  EXPECT_EQ(found("auto", {{"SLURM_PROCID", "4"}, {"SLURM_NTASKS", "5"}}), "4/5");
  EXPECT_EQ(found("auto", {{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}}), "0/2");
  EXPECT_EQ(found("auto/7", {{"JOB_COMPLETION_INDEX", "6"}}), "6/7");
  EXPECT_EQ(found("auto/5", {{"SLURM_PROCID", "4"}, {"SLURM_NTASKS", "5"}}), "4/5");
  // Slurm has started what starts the ranks of Open MPI.
  EXPECT_EQ(found("auto", {{"SLURM_PROCID", "0"},
                           {"SLURM_NTASKS", "1"},
                           {"OMPI_COMM_WORLD_RANK", "3"},
                           {"OMPI_COMM_WORLD_SIZE", "8"}}),
            "3/8");
}

TEST(SourcePart, IsRefusedWhereNobodySaysIt) {
  EXPECT_EQ(refused("auto", {}),
            "--part auto: nothing says which part this is: expected one of the variables "
            "OMPI_COMM_WORLD_RANK (Open MPI), PMI_RANK (MPICH), JOB_COMPLETION_INDEX (Kubernetes), "
            "SLURM_PROCID (Slurm)");
  EXPECT_EQ(refused("auto", {{"JOB_COMPLETION_INDEX", "6"}}),
            "--part auto: JOB_COMPLETION_INDEX is there, which does not say of how many parts: use "
            "--part auto/N");
  EXPECT_EQ(refused("auto/6", {{"JOB_COMPLETION_INDEX", "6"}}),
            "--part auto: JOB_COMPLETION_INDEX is 6: expected a number from 0 to 5");
  EXPECT_EQ(refused("auto", {{"PMI_RANK", "x"}, {"PMI_SIZE", "2"}}),
            "--part auto: PMI_RANK is x: expected a number from 0 to 1");
  EXPECT_EQ(refused("auto", {{"PMI_RANK", "0"}, {"PMI_SIZE", "0"}}),
            "--part auto: PMI_SIZE is 0: expected a number from 1 to 10000");
  EXPECT_EQ(refused("auto/3", {{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}}),
            "--part auto/3: PMI_SIZE says that there are 2");
}

TEST(SourcePart, HasItsForm) {
  const std::string expected =
      "(--part: expected K/N, as 1/3, 2/3 and 3/3 of three, with at most 10000 parts; auto or "
      "auto/N)";
  for (const std::string value :
       {"0/3", "4/3", "1", "1/", "/3", "1/0", "1/10001", "auto/", "auto/0", "Auto", "1/3/4", "x"}) {
    EXPECT_EQ(refusal([&] {
                read({"--part", value.c_str(), "h:1"});
              }),
              "bad part: " + value + " " + expected);
  }
}

// A run of parts that asks for so much.
std::string too_small(std::vector<const char*> words) {
  words.insert(words.begin(), {"--seed", "1", "--part", "1/3", "h:1"});
  return refusal([&] { build_source(read(words), {.host_name = "a", .now = 0, .run = 1}); });
}

TEST(SourcePart, NeedsSomethingToSend) {
  EXPECT_EQ(too_small({"-m", "3", "-s", "2"}),
            "2 sessions (-s) for 3 parts (--part): each needs one");
  EXPECT_EQ(too_small({"-m", "3"}), "1 session (-s) for 3 parts (--part): each needs one");
  EXPECT_EQ(too_small({"-m", "2", "-s", "3"}),
            "2 messages (-m) for 3 parts (--part): each needs one");
  EXPECT_EQ(too_small({"-m", "3", "-s", "3", "--client", "1 idle 1s"}),
            "2 sessions (-s) for 3 parts (--part): each needs one");
  EXPECT_EQ(too_small({"-m", "3", "-s", "2", "--client", "idle 1s"}),
            "2 clients (--client) for 3 parts (--part): each needs one");
  EXPECT_EQ(too_small({"-m", "3", "-s", "3"}), "");
  EXPECT_EQ(too_small({"-m", "3", "-s", "3", "--client", "idle 1s"}), "");
  EXPECT_EQ(too_small({"--rate", "5"}), "");  // a hundred sessions, and no limit of messages
}

TEST(SourcePart, HasItsShareOfSessionsAndThreads) {
  const auto own = [](const char* part) {
    const auto given = read({"--seed", "1", "--part", part, "-m", "9", "-s", "5", "--client",
                             "1 idle 1s", "--threads", "9", "h:1"});
    const auto options = build_source(given, {.host_name = "a", .now = 0, .run = 1}).source;
    EXPECT_EQ(options.sessions, 4U);
    EXPECT_EQ(options.threads, options.own_sessions());
    return options.own_sessions();
  };
  EXPECT_EQ(own("1/3"), 3U);  // two of four sessions, and the one other client
  EXPECT_EQ(own("2/3"), 1U);
  EXPECT_EQ(own("3/3"), 1U);
}

std::string start(const char* value, std::time_t now) {
  const auto start =
      start_of(read({"--start-at", value, "h:1"}), {.host_name = "a", .now = now, .run = 1});
  return utc_text(start.value());
}

TEST(SourceStart, IsAMomentOrAMultipleThatHostsAgreeIn) {
  const std::time_t now = system_clock::to_time_t(*utc_time("2026-11-26T18:29:29Z"));
  EXPECT_EQ(start("2026-11-26T18:30:00.5Z", now), "2026-11-26T18:30:00.500000Z");
  EXPECT_EQ(start("+30s", now), "2026-11-26T18:30:00Z");
  EXPECT_EQ(start("+30s", now - 29), "2026-11-26T18:30:00Z");
  // This second has begun: it would be a little less than half a minute.
  EXPECT_EQ(start("+30s", now + 1), "2026-11-26T18:30:30Z");
  EXPECT_EQ(start("+1", now), "2026-11-26T18:29:31Z");
  EXPECT_EQ(start("+1h", now), "2026-11-26T20:00:00Z");
  EXPECT_EQ(refusal([&] { start("2026-11-26T18:29:29Z", now); }),
            "--start-at 2026-11-26T18:29:29Z is over: it is 2026-11-26T18:29:29Z");
  for (const std::string value :
       {"2262-04-12T00:00:00Z", "30s", "+0", "+1.5s", "+x", "2026-11-26", "now"}) {
    EXPECT_EQ(refusal([&] { start(value.c_str(), now); }),
              "bad time: " + value +
                  " (--start-at: expected UTC, as 2026-11-26T18:30:00Z, or whole seconds from now, "
                  "as +30s)");
  }
}

// What messages have of their run, on one host and on another.
TEST(SourcePart, IsOfARunThatAllPartsKnow) {
  const auto made = [](const char* part, const char* seed, const char* start, std::uint64_t run) {
    const auto given =
        read({"--seed", seed, "--part", part, "--start-at", start, "-s", "9", "-m", "9", "h:1"});
    return build_source(given, {.host_name = "a", .now = 100, .run = run}).source;
  };
  const auto first = made("1/3", "7", "2026-11-26T18:30:00Z", 1);
  const auto second = made("2/3", "7", "2026-11-26T18:30:00Z", 2);
  EXPECT_EQ(first.message.run, second.message.run);
  EXPECT_EQ(first.message.date, second.message.date);
  EXPECT_NE(first.message.date.find("2026"), std::string::npos);
  EXPECT_EQ(first.load.seed, 7U);
  EXPECT_EQ(first.message.run >> 48U, 0U);
  EXPECT_NE(made("1/3", "8", "2026-11-26T18:30:00Z", 1).message.run, first.message.run);
  EXPECT_NE(made("1/3", "7", "2026-11-26T18:30:01Z", 1).message.run, first.message.run);
  const auto described = [](const source::SourceOptions& options) {
    const std::array<const char*, 2> words = {"smtp-source", "h:1"};
    return describe_part(options, words.size(), words.data());
  };
  const auto parts = described(second).value();
  EXPECT_EQ(parts.numbers, std::vector<unsigned>{2});
  EXPECT_EQ(parts.of, 3U);
  EXPECT_EQ(parts.run, described(first)->run);
  EXPECT_EQ(parts.run.size(), 12U);
  EXPECT_FALSE(described(made("1/1", "7", "2026-11-26T18:30:00Z", 1)));
}

// Another run has other Message-IDs, unless it is asked for by its number.
TEST(SourcePart, MessagesThatDifferAreOfOneRunWhereTheSeedIsGiven) {
  const auto run = [](std::vector<const char*> words, std::uint64_t of_process) {
    words.insert(words.end(), {"-m", "9", "h:1"});
    const Surroundings here{.host_name = "a", .now = 100, .run = of_process};
    return build_source(read(words), here).source.message.run;
  };
  const std::uint64_t of_seed = run({"--size", "1K", "--seed", "7"}, 1);
  EXPECT_EQ(run({"--size", "1K", "--seed", "7"}, 2), of_seed);
  EXPECT_EQ(run({"--size", "1K", "--seed", "7", "--part", "1/1"}, 3), of_seed);
  EXPECT_NE(run({"--size", "1K", "--seed", "8"}, 1), of_seed);
  EXPECT_EQ(run({"--size", "1K"}, 1), 1U);
  EXPECT_EQ(run({"--rate", "5/s", "--arrivals", "poisson", "--seed", "7"}, 2), 2U);
}

TEST(SourceStart, IsToldWhereItIsWaitedFor) {
  const auto start = *utc_time("2026-11-26T18:30:00Z");
  EXPECT_EQ(waiting_text(start, start - 30'500ms),
            "the run begins at 2026-11-26T18:30:00Z, in 30.5 s");
  EXPECT_EQ(waiting_text(start, start - 1s), "the run begins at 2026-11-26T18:30:00Z, in 1.0 s");
  EXPECT_EQ(waiting_text(start, start - 999ms), "");
  EXPECT_EQ(waiting_text(start, start + 1s), "");
}

// By which its report tells the load of a part, of two, from others.
std::string load(std::vector<std::string> options) {
  std::vector<const char*> words = {"smtp-source", "--part", "1/2", "--seed", "7", "h:1"};
  for (const std::string& word : options) words.push_back(word.c_str());
  const source::SourceOptions some = {.part = {.number = 0, .of = 2}};
  return describe_part(some, static_cast<int>(words.size()), words.data())->load;
}

TEST(SourcePart, IsOfALoadThatAllPartsHave) {
  const std::string one = load({"-m", "10", "-s", "4"});
  EXPECT_EQ(one.size(), 12U);
  // Whatever the order and the names of options, and what a host has of its own.
  EXPECT_EQ(load({"--sessions=4", "-m", "9", "-m10", "-M", "a.test", "--threads", "1", "--json",
                  "part1.json", "--stamp", "sent1.proof", "--bind", "127.0.0.1", "-v"}),
            one);
  for (const std::vector<std::string>& others : {std::vector<std::string>{"-m", "30"},
                                                 {"-d"},
                                                 {"-l", "5000"},
                                                 {"-r", "2"},
                                                 {"-f", ""},
                                                 {"--rate", "5"},
                                                 {"--rate", "5", "--arrivals", "poisson"},
                                                 {"--stages", "hold 5 1s"},
                                                 {"--client", "1 idle 1s"},
                                                 {"--retry", "5x1s"},
                                                 {"--size", "1K"},
                                                 {"--header", "X-A: a", "--header", "X-B: b"},
                                                 {"--header", "X-A: a"},
                                                 {"--mail-param", "X=1"}}) {
    std::vector<std::string> all = {"-m", "10", "-s", "4"};
    all.insert(all.end(), others.begin(), others.end());
    EXPECT_NE(load(all), one) << others.front();
  }
  EXPECT_NE(load({"--header", "X-A: a"}), load({"--header", "X-A: b"}));
}

// Which rank 0 asks of all: but not where it looks, and how far apart they are.
TEST(SourcePart, IsOfASearchWhoseProbesAreAsLongForAll) {
  const std::string one = load({"--find-rate", "p99<1s", "--probe", "5", "--confirm", "9"});
  for (const std::vector<std::string>& others :
       {std::vector<std::string>{"--find-rate", "p99<2s", "--probe", "5", "--confirm", "9"},
        {"--find-sessions", "p99<1s", "--probe", "5", "--confirm", "9"},
        {"--find-rate", "p99<1s", "--probe", "6", "--confirm", "9"},
        {"--find-rate", "p99<1s", "--probe", "5", "--confirm", "8"},
        {"--find-rate", "p99<1s", "--probe", "5", "--confirm", "9", "--warmup", "2"}}) {
    EXPECT_NE(load(others), one);
  }
  EXPECT_EQ(load({"--find-rate", "p99<1s", "--probe", "5", "--confirm", "9", "--rate-range",
                  "100-900/s", "--resolution", "9%", "--settle", "3"}),
            one);
}

TEST(SourcePart, HasTheSameFilesWhereverTheyLie) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "part_files";
  std::filesystem::create_directories(folder);
  const auto file = [&](const char* name, const char* content) {
    std::ofstream(folder / name) << content;
    return (folder / name).string();
  };
  const std::string a = file("a", "seed = 1");
  const std::string b = file("b", "seed = 1");
  const std::string c = file("c", "seed = 2");
  for (const char* const option : {"--scenario", "-F", "--template"}) {
    EXPECT_EQ(load({option, a}), load({option, b})) << option;
    EXPECT_NE(load({option, a}), load({option, c})) << option;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace millrace::cli
