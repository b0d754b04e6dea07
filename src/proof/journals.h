#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "proof/journal_reader.h"
#include "proof/reconciliation.h"

namespace millrace::proof {

// Names of several journals together: each has its own numbers for the same kinds and domains.
class NameGroups {
 public:
  // Beyond so many, all the others are one.
  static constexpr std::size_t kMost = 64;
  static constexpr std::string_view kOthers = "others";

  // For each number of a journal, that of its name over all journals; at least of number 0.
  std::vector<std::uint16_t> groups(const JournalReader& reader, NameOf what);
  [[nodiscard]] const std::string& name(std::uint16_t group) const { return names_[group]; }

 private:
  std::uint16_t group(std::string_view name);

  std::map<std::string, std::uint16_t, std::less<>> numbers_;
  std::vector<std::string> names_;
};

// A journal among others: what stays of it when its records were read.
struct Journal {
  JournalRead read;
  JournalHeader header;
  FileDescriptor file;  // for texts
  Micros axis{};        // what is added to its times: UTC by the clock of the first source
  Micros last{};        // the latest time of a record, on the axis
  std::vector<std::string> addresses;  // of a sink
  // Of a source: groups by its numbers.
  std::vector<std::uint16_t> kinds;
  std::vector<std::uint16_t> domains;

  // What its reader knows at the end.
  void finish(const JournalReader& reader);
  // A number of which the journal does not say what it is has the group of the first.
  [[nodiscard]] std::uint16_t kind_group(std::size_t number) const {
    return kinds[number < kinds.size() ? number : 0];
  }
  [[nodiscard]] std::uint16_t domain_group(std::size_t number) const {
    return domains[number < domains.size() ? number : 0];
  }
};

// Opens all journals of a side, looks at their headers, and refuses two of the same run.
std::vector<Journal> open_journals(const std::vector<std::string>& paths, Side side);

// The place among the sources' journals of that of a run, as a journal has it (16 bytes).
std::optional<std::size_t> place_of_run(const std::vector<Journal>& sent, std::string_view run);

// Whether times of both compare exactly: they are of one boot of one machine.
[[nodiscard]] bool same_clock(const Journal& one, const Journal& other);

// Puts the times of all on the axis of the first source: exactly those of its boot. Of another boot
// the clock is trusted as its first journal has it, and `offset` added where it is that of a sink.
// Returns the start of the earliest source.
Micros align(std::vector<Journal>& sent, std::vector<Journal>& taken, Micros offset);

}  // namespace millrace::proof
