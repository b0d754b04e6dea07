// Makes stamps and reads journals for tests of whole programs:
//
//   proof_tool stamps KEY-FILE RUN FIRST COUNT    the stamps of so many messages, each with the
//                                                 content on standard input, due ten seconds ago
//                                                 and sent now; RUN is a number
//   proof_tool taken JOURNAL                      a record of a sink a line, and how it ends
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "proof/content_reader.h"
#include "proof/journal_reader.h"
#include "proof/stamper.h"

namespace {

using namespace millrace;

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.begin(), text.end(), value);
  return value;
}

int write_stamps(char** words) {
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
    const std::string_view stamp = stamper.stamp(first + i, now - 10'000'000, now, content);
    if (std::fwrite(stamp.data(), 1, stamp.size(), stdout) != stamp.size()) return 1;
  }
  return 0;
}

int write_taken(const char* path) {
  proof::JournalReader reader(path, proof::Side::taken);
  proof::TakenRecord record;
  while (reader.next(record)) {
    std::uint64_t run = 0;
    const std::string_view id = reader.name(proof::NameOf::run, record.run);
    if (id.size() == 2 * sizeof run) std::memcpy(&run, id.data() + sizeof run, sizeof run);
    fmt::print("{} {} {} {} {} {}\n", record.message, record.recipient,
               static_cast<int>(record.verdict), record.bounced ? 1 : 0, run,
               reader.name(proof::NameOf::listener, record.listener));
  }
  fmt::print("{}\n", reader.broke_off() ? "broke off" : "closed");
  return 0;
}

}  // namespace

int main(int count, char** words) {
  set_program_name(words[0]);
  const std::string_view what = count > 1 ? words[1] : "";
  try {
    if (what == "stamps" && count == 6) return write_stamps(words + 2);
    if (what == "taken" && count == 3) return write_taken(words[2]);
  } catch (const Fatal& error) {
    report_fatal(error.what());
    return 1;
  }
  return 2;
}
