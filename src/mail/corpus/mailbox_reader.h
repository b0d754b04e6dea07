#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::mail {

// The most bytes that a message in a file may have: beyond what servers take, so that what is no
// mail is not read for ever.
inline constexpr std::size_t kLargestMessage = std::size_t{256} << 20;

// The messages of a file of mail. One that begins with "From " is an mbox: a line with that
// beginning, at the start and after each empty line, is ahead of a message, and an empty line
// behind it; neither is part of it. Any other file is a message.
//
// That an mbox was cut is told by its last line, which has no end, and where it has more messages
// than one by the last of them, which has no empty line behind it. (A file with one is as often a
// message that was saved with its envelope.) One that was cut behind an empty line looks whole.
class MailboxReader {
 public:
  // Puts up to `room` bytes to `into`; returns how many, 0 when there are no more.
  using Read = std::function<std::size_t(char* into, std::size_t room)>;

  // `name`: of the file, for errors.
  MailboxReader(std::string name, Read read, std::size_t largest = kLargestMessage);

  // The next message as it stands in the file, which lasts until the next call; nothing when there
  // is no more. Throws Fatal for one that is empty, too large or cut.
  std::optional<std::string_view> next();

  // Whether it is an mbox, whose lines are quoted.
  [[nodiscard]] bool is_mbox() const { return mbox_; }

  // Where the last message is, to be named: "a.mbox, message 2 (at byte 1234)".
  [[nodiscard]] std::string place() const;

 private:
  [[nodiscard]] std::string_view window() const { return {buffer_.get() + begin_, end_ - begin_}; }
  bool fill();
  std::string_view all();
  std::string_view next_of_mbox();
  std::string_view last_of_mbox(std::string_view text) const;

  std::string name_;
  Read read_;
  std::size_t largest_;
  // The bytes at hand: from the beginning of this message on.
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t taken_ = 0;     // how many of them this message has, with what is round it
  std::uint64_t offset_ = 0;  // of this message in the file
  std::uint64_t number_ = 0;  // of this message, from 1
  bool mbox_;
};

}  // namespace millrace::mail
