#include "report/parts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "report/json.h"
#include "report/merge.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using test::message_of;
using test::sample_run;

report::Run part(std::vector<unsigned> numbers, unsigned of = 4) {
  report::Run run = sample_run(2, 5);
  run.parts = Parts{.run = "0123456789ab", .load = "load", .of = of, .numbers = std::move(numbers)};
  describe_parts(run);
  return run;
}

std::string setting(const report::Run& run, std::string_view name) {
  std::string values;
  for (const auto& [own, value] : run.settings) {
    if (own == name) values += value + ";";
  }
  return values;
}

TEST(Parts, NamesWhichAreThereAndWhichAreNot) {
  EXPECT_EQ(setting(part({2}), "parts"), "2 of 4;");
  EXPECT_EQ(setting(part({1, 3}), "parts"), "1 and 3 of 4: not 2 and 4;");
  EXPECT_EQ(setting(part({1, 2, 3, 4}), "parts"), "1 to 4 of 4;");
  EXPECT_EQ(missing({.of = 9, .numbers = {2, 6}}), "1, 3 to 5 and 7 to 9");
  EXPECT_EQ(missing({.of = 3, .numbers = {1, 2, 3}}), "");
  EXPECT_EQ(missing({.of = 3, .numbers = {}}), "1 to 3");
  EXPECT_EQ(missing({.of = 3, .numbers = {7}}), "1 to 3");
}

TEST(Parts, MergeWhateverTheirOrder) {
  const report::Run whole =
      merge({part({3}), part({1}), part({4}), part({2})}, {"c", "a", "d", "b"});
  ASSERT_TRUE(whole.parts);
  EXPECT_EQ(whole.parts->numbers, (std::vector<unsigned>{1, 2, 3, 4}));
  EXPECT_EQ(whole.parts->load, "load");
  EXPECT_EQ(setting(whole, "parts"), "1 to 4 of 4;");
  EXPECT_EQ(setting(whole, "differing"), "");
  EXPECT_EQ(setting(whole, "begun"), "");  // all at one moment
  // Those that were merged before are what they are together.
  const report::Run two = merge({part({1}), part({3})}, {"a", "c"});
  EXPECT_EQ(setting(two, "parts"), "1 and 3 of 4: not 2 and 4;");
  EXPECT_EQ(missing(*two.parts), "2 and 4");
  EXPECT_EQ(setting(merge({two, part({2}), part({4})}, {"x", "b", "d"}), "parts"), "1 to 4 of 4;");
  EXPECT_FALSE(merge({sample_run(1, 5), sample_run(1, 5)}, {"a", "b"}).parts);
}

TEST(Parts, ThatOverlapOrAreOfDifferentRunsAreRefused) {
  const auto refusal = [](const report::Run& a, const report::Run& b) {
    return message_of([&] { merge({a, b}, {"a", "b"}); });
  };
  EXPECT_EQ(refusal(part({1, 2}), part({2, 3})), "a and b both have part 2 of 4");
  EXPECT_EQ(refusal(part({1}), part({2}, 5)),
            "a has part 1 of 4, b has part 2 of 5: they are of different runs");
  EXPECT_EQ(refusal(part({1}), sample_run(1, 5)),
            "a has part 1 of 4 of a run, b no part of it: they cannot be merged");
  EXPECT_EQ(refusal(sample_run(1, 5), part({1})),
            "b has part 1 of 4 of a run, a no part of it: they cannot be merged");
  report::Run other = part({2});
  other.parts->run = "another";
  EXPECT_EQ(refusal(part({1}), other),
            "a and b have parts of different runs: --seed or --start-at was not the same");
  other = part({2});
  other.parts->load = "another";
  EXPECT_EQ(refusal(part({1}), other),
            "a and b have parts of different loads: an option of how much is sent when, or of the "
            "messages, was not the same");
}

// Three parts, of which each began at its own moment.
TEST(Parts, ThatWereMergedBeforeAreAsFarApartAsTheyBegan) {
  std::vector<report::Run> parts;
  for (unsigned number = 1; number <= 3; ++number) {
    parts.push_back(part({number}, 3));
    parts.back().measurement.start += 100ms * number;
  }
  const auto apart = [](const report::Run& run) { return setting(run, "begun"); };
  const report::Run first = merge({parts[0], parts[1]}, {"1", "2"});
  const report::Run last = merge({parts[2], parts[1]}, {"3", "2"});
  const report::Run ends = merge({parts[2], parts[0]}, {"3", "1"});
  EXPECT_EQ(apart(first), "100 ms apart;");
  EXPECT_EQ(apart(merge({first, parts[2]}, {"12", "3"})), "200 ms apart;");
  EXPECT_EQ(apart(merge({parts[0], last}, {"1", "23"})), "200 ms apart;");
  EXPECT_EQ(apart(merge({ends, parts[1]}, {"13", "2"})), "200 ms apart;");
  // As they come from a file.
  const report::Run read = from_json(to_json(ends), "x");
  EXPECT_EQ(apart(merge({read, parts[1]}, {"13", "2"})), "200 ms apart;");
  EXPECT_EQ(read.parts->apart, 200ms);
}

TEST(Parts, TellHowWellTheyBeganTogether) {
  report::Run a = part({1}, 2);
  a.settings.clear();
  a.measurement.agreed_start = {
      .synchronised = true, .estimated_error = 400, .most_error = 20'000, .late = 0};
  report::Run b = a;
  b.parts->numbers = {2};
  b.measurement.agreed_start = {
      .synchronised = true, .estimated_error = 900, .most_error = 10'000, .late = 70};
  const report::Run both = merge({a, b}, {"a", "b"});
  EXPECT_EQ(setting(both, "start"),
            "2023-11-14T22:13:20Z, by a clock that is right to an estimated 900 us, at worst "
            "20.0 ms; begun 70 us later;");
  b.measurement.agreed_start->synchronised = false;
  EXPECT_EQ(
      setting(merge({a, b}, {"a", "b"}), "start"),
      "2023-11-14T22:13:20Z, by a clock of which the kernel does not know that it is synchronised; "
      "begun 70 us later;");
  // Where one was not asked for a start, or for another one, there is none that all agreed in.
  b.measurement.start += 412ms;
  report::Run c = b;
  c.measurement.agreed_start.reset();
  for (const auto& runs : {std::vector{a, b}, std::vector{a, c}, std::vector{c, a}}) {
    const report::Run apart = merge(runs, {"a", "b"});
    EXPECT_FALSE(apart.measurement.agreed_start);
    EXPECT_EQ(setting(apart, "start"), "");
    EXPECT_EQ(setting(apart, "begun"), "412 ms apart;");
  }
}

}  // namespace
}  // namespace millrace::report
