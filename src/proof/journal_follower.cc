#include "proof/journal_follower.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::proof {

JournalFollower::JournalFollower(std::string path, const JournalHeader& sent)
    : path_(std::move(path)), sent_(sent) {}

void JournalFollower::poll(const std::function<void(const TakenCopy& copy)>& found) {
  while (open_newest()) {
    read_newest(found);
    if (newest_->is_at(path_)) break;
    old_.push_back(std::move(*newest_));
    newest_.reset();
  }
  read_old(found);
}

void JournalFollower::skip() {
  poll([](const TakenCopy& /*copy*/) {});
  stamps_ = {};
}

bool JournalFollower::open_newest() {
  if (newest_) return true;
  FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid() && errno == ENOENT) return false;
  if (!file.valid()) throw Fatal(describe_error("open " + path_, errno));
  struct stat status {};
  if (fstat(file.descriptor(), &status) != 0) throw Fatal(describe_error(path_, errno));
  if (!S_ISREG(status.st_mode)) throw Fatal(path_ + ": a journal must be a plain file");
  newest_.emplace(std::move(file), path_, sent_);
  return true;
}

void JournalFollower::read(GrowingJournal& journal,
                           const std::function<void(const TakenCopy& copy)>& found) {
  const StampCounts more = journal.poll(found);
  stamps_.believed += more.believed;
  stamps_.forged += more.forged;
}

void JournalFollower::read_newest(const std::function<void(const TakenCopy& copy)>& found) {
  read(*newest_, found);
  if (newest_->begun()) seen_ = newest_->header();
}

// One is let go when it was read once more behind the end of its sink, and is whole.
void JournalFollower::read_old(const std::function<void(const TakenCopy& copy)>& found) {
  old_.remove_if([&](GrowingJournal& journal) {
    const bool ended = !journal.locked();
    read(journal, found);
    return ended && !journal.doubtful();
  });
}

bool JournalFollower::given_up() const { return newest_ && newest_->begun() && !newest_->locked(); }

bool JournalFollower::abandoned() const {
  return seen() && !(newest_ && newest_->locked()) &&
         std::ranges::none_of(old_, [](const auto& journal) { return journal.locked(); });
}

bool JournalFollower::doubtful() const {
  return (newest_ && newest_->doubtful()) ||
         std::ranges::any_of(old_, [](const auto& journal) { return journal.doubtful(); });
}

}  // namespace millrace::proof
