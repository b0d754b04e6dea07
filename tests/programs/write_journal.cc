#include "write_journal.h"

#include <fmt/format.h>

#include <memory>
#include <sstream>
#include <string>

#include "base/diagnostics.h"
#include "proof/journal_file.h"
#include "proof/journal_writer.h"

namespace millrace::tests {
namespace {

constexpr std::int64_t kTheYear2020 = 1'577'836'800;  // seconds since 1970

// The run that a number stands for.
proof::RunId run_of(std::uint64_t number) { return {.high = 7, .low = number}; }

class Journal {
 public:
  explicit Journal(std::string path) : path_(std::move(path)) {
    header_.boot = 1;
    start(0);
  }

  void take(const std::string& line) {
    std::istringstream words(line);
    std::string what;
    words >> what;
    if (what == "side")
      header_.side = word(words) == "sent" ? proof::Side::sent : proof::Side::taken;
    if (what == "run") header_.run = run_of(number(words));
    if (what == "start") start(static_cast<std::int64_t>(number(words)));
    if (what == "boot") header_.boot = number(words);
    if (what == "unchecked") header_.unchecked = 1;
    if (what == "kind") name(proof::NameOf::kind, words);
    if (what == "domain") name(proof::NameOf::domain, words);
    if (what == "address") name(proof::NameOf::address, words);
    if (what == "sent") add_sent(words);
    if (what == "taken") add_taken(words);
    if (what == "stray") add_stray(words);
    if (what == "many") add_many(words);
    if (what == "close") close();
  }
  void end() { check(writer().flush()); }

 private:
  static void check(int error) {
    if (error != 0) throw Fatal(describe_error("write the journal", error));
  }
  static std::string word(std::istream& words) {
    std::string text;
    if (!(words >> text)) throw Fatal("a word is missing");
    return text;
  }
  static std::uint64_t number(std::istream& words) { return std::stoull(word(words)); }
  static proof::Micros time(std::istream& words) { return proof::Micros{std::stoll(word(words))}; }
  static std::string rest(std::istream& words) {
    std::string text;
    std::getline(words >> std::ws, text);
    return text;
  }

  void start(std::int64_t seconds) {
    header_.start = (kTheYear2020 + seconds) * 1'000'000;
    header_.start_monotonic = (100'000 + seconds) * 1'000'000;
  }
  proof::JournalWriter& writer() {
    if (!writer_) {
      file_ = std::make_unique<proof::JournalFile>(path_, header_);
      writer_ = std::make_unique<proof::JournalWriter>(*file_);
    }
    return *writer_;
  }
  void name(proof::NameOf what, std::istream& words) {
    writer();
    const auto index = static_cast<std::uint16_t>(number(words));
    check(file_->name(what, index, rest(words)));
  }
  void add_sent(std::istream& words) {
    proof::SentRecord record;
    record.message = number(words);
    record.recipient = static_cast<std::uint16_t>(number(words));
    record.outcome = static_cast<proof::SentOutcome>(number(words));
    record.code = static_cast<std::uint16_t>(number(words));
    record.due = time(words);
    record.sent = time(words);
    record.acknowledged = time(words);
    record.kind = static_cast<std::uint8_t>(number(words));
    record.domain = static_cast<std::uint16_t>(number(words));
    check(writer().add(record, rest(words)));
  }
  void add_taken(std::istream& words) {
    proof::TakenRecord record;
    check(writer().run_index(run_of(number(words)), record.run));
    record.message = number(words);
    record.recipient = static_cast<std::uint16_t>(number(words));
    record.verdict = static_cast<proof::TakenVerdict>(number(words));
    record.bounced = word(words) == "bounce";
    record.taken = time(words);
    check(writer().add(record, rest(words)));
  }
  void add_stray(std::istream& words) {
    proof::TakenRecord record;
    record.verdict = static_cast<proof::TakenVerdict>(number(words));
    record.taken = time(words);
    check(writer().add(record, {}));
  }
  void add_many(std::istream& words) {
    const std::uint64_t count = number(words);
    const std::uint64_t within = number(words) - 1;
    std::uint8_t run = 0;
    if (header_.side == proof::Side::taken) check(writer().run_index(run_of(number(words)), run));
    for (std::uint64_t place = 0; place < count; ++place) {
      // Odd factors move all numbers of a window about in it.
      const std::uint64_t mixed = place * 0x9e3779b97f4a7c15U;
      const std::uint64_t message = (place & ~within) | (mixed & within);
      const proof::Micros now{static_cast<std::int64_t>(place * 10)};
      if (header_.side == proof::Side::taken) {
        const auto way = proof::Micros{static_cast<std::int64_t>(1'000 + (mixed >> 51U))};
        check(writer().add(
            proof::TakenRecord{.message = message, .recipient = 0, .run = run, .taken = now + way},
            {}));
      } else {
        const std::string queue_id = fmt::format("4{:010X}", mixed >> 24U);
        check(writer().add(proof::SentRecord{.message = message,
                                             .kind = static_cast<std::uint8_t>(message % 4),
                                             .domain = static_cast<std::uint16_t>(message % 16),
                                             .code = 250,
                                             .due = now - proof::Micros{mixed >> 55U},
                                             .sent = now,
                                             .acknowledged = now + proof::Micros{mixed >> 54U}},
                           queue_id));
      }
    }
  }
  void close() {
    end();
    check(file_->close());
  }

  const std::string path_;
  proof::JournalHeader header_;
  std::unique_ptr<proof::JournalFile> file_;
  std::unique_ptr<proof::JournalWriter> writer_;
};

}  // namespace

void write_journal(const char* path, std::istream& description) {
  Journal journal(path);
  for (std::string line; std::getline(description, line);) journal.take(line);
  journal.end();
}

}  // namespace millrace::tests
