#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>

#include "proof/growing_journal.h"
#include "proof/journal_format.h"

namespace millrace::proof {

// Follows what sinks take of one run by the name of their journal, for a source on the same host. A
// file that is not there yet is waited for. One that another sink begins anew, in the place of the
// old one or behind its name, is read from its beginning; the file that had the name before is read
// until its sink has ended, too.
class JournalFollower {
 public:
  // `sent`: of the journal of the source, which has the run and the boot.
  JournalFollower(std::string path, const JournalHeader& sent);

  // Tells of all that came since the last time. Throws Fatal as GrowingJournal::poll() does, or
  // where a file cannot be opened or is no plain one.
  void poll(const std::function<void(const TakenCopy& copy)>& found);

  // Passes over all that is there: it is neither told nor counted.
  void skip();

  [[nodiscard]] const std::string& path() const { return path_; }
  // Whether there was a journal at all.
  [[nodiscard]] bool seen() const { return seen_.has_value(); }
  // Whether nobody writes the newest any more: its sink has ended, in order or not, and none has
  // begun another one. What comes to no sink is in no journal. Asks the system.
  [[nodiscard]] bool given_up() const;
  // Whether there was a sink, and nobody writes any file any more, so that the newest is one that
  // none has begun: it was emptied, or put behind the name. Another sink may just begin, which has
  // no lock for a moment. Asks the system.
  [[nodiscard]] bool abandoned() const;
  // Whether the next block of any was found damaged, and not often enough yet.
  [[nodiscard]] bool doubtful() const;
  // What was said of stamps, of whatever run.
  [[nodiscard]] const StampCounts& stamps() const { return stamps_; }
  // Of the last one, where there was any.
  [[nodiscard]] const JournalHeader& header() const { return *seen_; }

 private:
  bool open_newest();
  void read(GrowingJournal& journal, const std::function<void(const TakenCopy& copy)>& found);
  void read_newest(const std::function<void(const TakenCopy& copy)>& found);
  void read_old(const std::function<void(const TakenCopy& copy)>& found);

  const std::string path_;
  const JournalHeader sent_;
  std::optional<GrowingJournal> newest_;  // that has the name, or had it last
  std::list<GrowingJournal> old_;         // that had it before, and may still grow
  std::optional<JournalHeader> seen_;
  StampCounts stamps_;
};

}  // namespace millrace::proof
