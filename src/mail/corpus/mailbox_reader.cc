#include "mail/corpus/mailbox_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::mail {
namespace {

constexpr std::string_view kFrom = "From ";
constexpr std::string_view kFromLine = "\nFrom ";

// What is read of a file at first, enough for most messages. Larger blocks would each be mapped and
// unmapped by malloc().
constexpr std::size_t kFirstBlock = 64 * 1024;

// The length of an empty line that is the end of `text`, whose other lines end; 0: there is none.
std::size_t empty_line_at_end(std::string_view text) {
  const std::size_t length = text.ends_with("\r\n") ? 2 : text.ends_with('\n') ? 1 : 0;
  text.remove_suffix(length);
  return text.empty() || text.ends_with('\n') ? length : 0;
}

}  // namespace

MailboxReader::MailboxReader(std::string name, Read read, std::size_t largest)
    : name_(std::move(name)),
      read_(std::move(read)),
      largest_(largest),
      buffer_(std::make_unique_for_overwrite<char[]>(kFirstBlock)),
      capacity_(kFirstBlock) {
  while (end_ < kFrom.size() && fill()) continue;
  mbox_ = window().starts_with(kFrom);
}

std::string MailboxReader::place() const {
  if (!mbox_) return name_;
  return fmt::format("{}, message {} (at byte {})", name_, number_, offset_);
}

std::optional<std::string_view> MailboxReader::next() {
  offset_ += taken_;
  begin_ += std::exchange(taken_, 0);
  if (begin_ == end_ && !fill()) {
    if (number_ == 0) throw Fatal(name_ + " is empty");
    return {};
  }
  ++number_;
  const std::string_view text = mbox_ ? next_of_mbox() : all();
  if (text.empty()) throw Fatal(place() + " is empty");
  if (text.size() > largest_) {
    throw Fatal(fmt::format("{} is larger than {} bytes", place(), largest_));
  }
  return text;
}

// Reads on; false when there is no more.
bool MailboxReader::fill() {
  // A message has a line ahead of it and one behind.
  if (end_ - begin_ > largest_ + kFirstBlock) {
    throw Fatal(fmt::format("{} is larger than {} bytes", place(), largest_));
  }
  if (begin_ > 0) {
    end_ -= begin_;
    std::memmove(buffer_.get(), buffer_.get() + std::exchange(begin_, 0), end_);
  }
  if (end_ == capacity_) {
    auto larger = std::make_unique_for_overwrite<char[]>(2 * capacity_);
    std::memcpy(larger.get(), buffer_.get(), end_);
    buffer_ = std::move(larger);
    capacity_ *= 2;
  }
  const std::size_t got = read_(buffer_.get() + end_, capacity_ - end_);
  end_ += got;
  return got > 0;
}

std::string_view MailboxReader::all() {
  while (fill()) continue;
  taken_ = end_ - begin_;
  return window();
}

std::string_view MailboxReader::next_of_mbox() {
  std::size_t searched = 0;
  std::size_t line_end = 0;
  while ((line_end = window().find('\n', searched)) == std::string_view::npos) {
    searched = window().size();
    if (!fill()) throw Fatal(place() + " is cut: its first line does not end");
  }
  const std::size_t begin = line_end + 1;
  searched = line_end;
  for (;;) {
    const std::size_t found = window().find(kFromLine, searched);
    if (found == std::string_view::npos) {
      // It may lie across what is here and what comes.
      searched = std::max(searched, window().size() - std::min(window().size(), kFrom.size()));
      if (fill()) continue;
      taken_ = window().size();
      return last_of_mbox(window().substr(begin));
    }
    const std::size_t next = found + 1;
    const std::string_view text = window().substr(begin, next - begin);
    const std::size_t empty_line = text.empty() ? 0 : empty_line_at_end(text);
    if (empty_line > 0) {
      taken_ = next;
      return text.substr(0, text.size() - empty_line);
    }
    searched = next;
  }
}

std::string_view MailboxReader::last_of_mbox(std::string_view text) const {
  if (!text.empty() && !text.ends_with('\n')) {
    throw Fatal(place() + " is cut: its last line does not end");
  }
  const std::size_t empty_line = empty_line_at_end(text);
  if (empty_line == 0 && number_ > 1) {
    throw Fatal(place() + " is cut: no empty line follows it");
  }
  return text.substr(0, text.size() - empty_line);
}

}  // namespace millrace::mail
