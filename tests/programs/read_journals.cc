#include "read_journals.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/input_file.h"
#include "proof/journal_reader.h"
#include "proof/run_id.h"

namespace millrace::tests {
namespace {

using proof::NameOf;

constexpr std::array<std::string_view, proof::kSentOutcomes> kOutcomes = {"accepted", "refused",
                                                                          "in_doubt", "never_sent"};

void print_end(const proof::JournalReader& reader) {
  fmt::print("{}\n", reader.broke_off() ? "broke off" : "closed");
}

}  // namespace

void print_sent(const char* path) {
  proof::JournalReader reader(path, proof::Side::sent);
  const FileDescriptor file = open_input(path);
  const std::int64_t start = reader.header().start;
  fmt::print("{}\n", to_text(reader.header().run));
  proof::SentRecord record;
  while (reader.next(record)) {
    const std::string text = reader.text() == 0 ? "" : proof::text_at(file, reader.text());
    fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", record.message, record.recipient,
               kOutcomes.at(static_cast<std::size_t>(record.outcome)), record.code,
               reader.name(NameOf::kind, record.kind), reader.name(NameOf::domain, record.domain),
               start + record.due.count(), start + record.sent.count(),
               start + record.acknowledged.count(), text);
  }
  print_end(reader);
}

void print_taken(const char* path) {
  proof::JournalReader reader(path, proof::Side::taken);
  proof::TakenRecord record;
  while (reader.next(record)) {
    std::uint64_t run = 0;
    const std::string_view id = reader.name(NameOf::run, record.run);
    if (id.size() == 2 * sizeof run) std::memcpy(&run, id.data() + sizeof run, sizeof run);
    fmt::print("{} {} {} {} {} {}\n", record.message, record.recipient,
               static_cast<int>(record.verdict), record.bounced ? 1 : 0, run,
               reader.name(NameOf::listener, record.listener));
  }
  print_end(reader);
}

}  // namespace millrace::tests
