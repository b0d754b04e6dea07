// Stamps and journals for tests of whole programs:
//
//   proof_tool stamps KEY-FILE RUN FIRST COUNT   the stamps of so many messages, each with the
//                                                content on standard input, due ten seconds ago
//                                                and sent now; RUN is a number
//   proof_tool content [KEY-FILE]                of the message on standard input: finding, run,
//                                                number, due, sent, the change of its header and of
//                                                its body, whether the body has the stamp too
//   proof_tool sent JOURNAL                      of a source's: its run, its records, its ending
//   proof_tool taken JOURNAL                     of a sink's: its records, its ending
//   proof_tool write JOURNAL                     as described on standard input (write_journal.h)
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string_view>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "proof/comparison.h"
#include "proof/content_reader.h"
#include "proof/stamper.h"
#include "read_journals.h"
#include "write_journal.h"

namespace {

using namespace millrace;

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.begin(), text.end(), value);
  return value;
}

void write_stamps(char** words) {
  proof::ContentHasher hasher;
  const proof::ContentDigest content = hasher.content(read_file("/dev/stdin"));
  const auto now =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count());
  proof::Stamper stamper({.high = 0, .low = number(words[1])},
                         proof::StampKey::from_file(words[0]));
  const std::uint64_t first = number(words[2]);
  for (std::uint64_t i = 0; i < number(words[3]); ++i) {
    fmt::print("{}", stamper.stamp(first + i, now - 10'000'000, now, content));
  }
}

// `words`: ends in null.
void read_content(char** words) {
  proof::StampTrust trust;
  if (words[0] != nullptr) trust.key = proof::StampKey::from_file(words[0]);
  proof::ContentReader reader(trust);
  reader.begin();
  reader.take(read_file("/dev/stdin"));
  reader.finish();
  constexpr std::string_view kFindings[] = {"none",      "malformed", "forged",
                                            "other_run", "unchecked", "genuine"};
  const proof::Stamp& stamp = reader.stamp();
  const proof::Comparison changes = compare(reader);
  fmt::print("{} {} {} {} {} {} {} {}\n", kFindings[static_cast<std::size_t>(reader.finding())],
             to_text(stamp.run), stamp.number, stamp.due, stamp.sent, change_name(changes.header),
             change_name(changes.body), reader.stamped_body());
}

struct Command {
  std::string_view name;
  int least;  // words behind the name
  int most;
  void (*carry_out)(char** words);
};

constexpr Command kCommands[] = {
    {"stamps", 4, 4, write_stamps},
    {"content", 0, 1, read_content},
    {"sent", 1, 1, [](char** words) { tests::print_sent(words[0]); }},
    {"taken", 1, 1, [](char** words) { tests::print_taken(words[0]); }},
    {"write", 1, 1, [](char** words) { tests::write_journal(words[0], std::cin); }},
};

}  // namespace

int main(int count, char** words) {
  set_program_name(words[0]);
  const std::string_view name = count > 1 ? words[1] : "";
  const int behind = count - 2;
  for (const Command& command : kCommands) {
    if (command.name != name || behind < command.least || behind > command.most) continue;
    try {
      command.carry_out(words + 2);
      return 0;
    } catch (const std::exception& error) {
      report_fatal(error.what());
      return 1;
    }
  }
  return 2;
}
