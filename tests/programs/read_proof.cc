// Says what the proof library finds, for tests of whole programs:
//
//   read_proof content [KEY-FILE]   of the message on standard input: finding, run, number, due,
//                                   sent, the change of its header and of its body, and whether
//                                   the body has the stamp too
//   read_proof journal FILE         of a source's journal: its run, a line a record, its ending
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "proof/comparison.h"
#include "proof/journal_reader.h"

namespace {

using namespace millrace;
using namespace millrace::proof;

void read_content(const char* key) {
  StampTrust trust;
  if (key != nullptr) trust.key = StampKey::from_file(key);
  ContentReader reader(trust);
  reader.begin();
  reader.take(read_file("/dev/stdin"));
  reader.finish();
  constexpr std::string_view kFindings[] = {"none",      "malformed", "forged",
                                            "other_run", "unchecked", "genuine"};
  const Stamp& stamp = reader.stamp();
  const Comparison changes = compare(reader);
  fmt::print("{} {} {} {} {} {} {} {}\n", kFindings[static_cast<std::size_t>(reader.finding())],
             to_text(stamp.run), stamp.number, stamp.due, stamp.sent, change_name(changes.header),
             change_name(changes.body), reader.stamped_body());
}

void read_journal(const char* path) {
  JournalReader reader(path, Side::sent);
  const FileDescriptor file = open_input(path);
  const std::int64_t start = reader.header().start;
  fmt::print("{}\n", to_text(reader.header().run));
  constexpr std::string_view kOutcomes[] = {"accepted", "refused", "in_doubt", "never_sent"};
  SentRecord record;
  while (reader.next(record)) {
    const std::string text = reader.text() == 0 ? "" : text_at(file, reader.text());
    fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", record.message, record.recipient,
               kOutcomes[static_cast<std::size_t>(record.outcome)], record.code,
               reader.name(NameOf::kind, record.kind), reader.name(NameOf::domain, record.domain),
               start + record.due.count(), start + record.sent.count(),
               start + record.acknowledged.count(), text);
  }
  fmt::print("{}\n", reader.broke_off() ? "broke off" : "closed");
}

}  // namespace

int main(int count, char** words) {
  try {
    const std::string_view what = count > 1 ? words[1] : "";
    if (what == "content") {
      read_content(words[2]);
    } else if (what == "journal" && count > 2) {
      read_journal(words[2]);
    } else {
      return EXIT_FAILURE;
    }
  } catch (const Fatal& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
