#include "proof/journals.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/diagnostics.h"
#include "base/input_file.h"

namespace millrace::proof {
std::uint16_t NameGroups::group(std::string_view name) {
  const auto known = numbers_.find(name);
  if (known != numbers_.end()) return known->second;
  if (names_.size() > kMost) return kMost;
  const auto number = static_cast<std::uint16_t>(names_.size());
  names_.emplace_back(number == kMost ? kOthers : name);
  if (number < kMost) numbers_.emplace(name, number);
  return number;
}

std::vector<std::uint16_t> NameGroups::groups(const JournalReader& reader, NameOf what) {
  std::vector<std::uint16_t> groups(std::max<std::size_t>(1, reader.names(what)));
  for (std::size_t number = 0; number < groups.size(); ++number) {
    groups[number] = group(reader.name(what, number));
  }
  return groups;
}

void Journal::finish(const JournalReader& reader) {
  read.broke_off = reader.broke_off();
  read.left_out = reader.left_out();
}

std::vector<Journal> open_journals(const std::vector<std::string>& paths, Side side) {
  std::vector<Journal> journals;
  for (const std::string& path : paths) {
    const JournalReader reader(path, side);
    for (const Journal& other : journals) {
      if (other.header.run == reader.header().run) {
        throw Fatal(other.read.path + " and " + path + ": two journals of one run");
      }
    }
    Journal& journal = journals.emplace_back();
    journal.read.path = path;
    journal.read.run = reader.header().run;
    journal.read.unchecked = reader.header().unchecked != 0;
    journal.header = reader.header();
    journal.file = open_input(path);
  }
  return journals;
}

std::optional<std::size_t> place_of_run(const std::vector<Journal>& sent, std::string_view run) {
  for (std::size_t place = 0; place < sent.size(); ++place) {
    const RunId& own = sent[place].header.run;
    if (run.size() == sizeof own && std::memcmp(run.data(), &own, sizeof own) == 0) return place;
  }
  return std::nullopt;
}

bool same_clock(const Journal& one, const Journal& other) {
  return one.header.run == other.header.run ||
         (one.header.boot != 0 && one.header.boot == other.header.boot);
}

Micros align(std::vector<Journal>& sent, std::vector<Journal>& taken, Micros offset) {
  std::vector<Journal*> all;
  for (Journal& journal : sent) all.push_back(&journal);
  for (Journal& journal : taken) all.push_back(&journal);
  for (Journal* const journal : all) {
    const auto same = [journal](const Journal& other) { return same_clock(*journal, other); };
    const auto first_of_boot =
        std::find_if(all.begin(), all.end(), [&](const Journal* one) { return same(*one); });
    const JournalHeader& anchor = (*first_of_boot)->header;
    journal->read.one_clock = same(sent.front());
    if (!journal->read.one_clock && std::any_of(taken.begin(), taken.end(), same)) {
      journal->read.offset = offset;
    }
    journal->axis =
        Micros{anchor.start + journal->header.start_monotonic - anchor.start_monotonic} +
        journal->read.offset;
    journal->last = journal->axis;
  }
  return std::min_element(
             sent.begin(), sent.end(),
             [](const Journal& one, const Journal& other) { return one.axis < other.axis; })
      ->axis;
}

}  // namespace millrace::proof
