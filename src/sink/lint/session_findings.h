#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/lint/finding.h"

namespace millrace::sink {

// What stands before the first CR or LF of a text, all of it where there is none.
constexpr std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

// What was found in one session so far. Takes memory for what there is only.
class SessionFindings {
 public:
  // Bytes of a sample, before it is made printable.
  static constexpr std::size_t kSample = 60;

  struct Found {
    Finding finding;
    std::uint64_t times = 0;
    std::string sample;  // of the first, printable
  };

  // What a reply may refuse, and why.
  struct Objection {
    Finding finding;
    About about = About::command;
  };

  // Of `sample` the first line is kept: what follows may be a command with a password.
  void add(Finding finding, std::string_view sample = {}, About about = About::command);

  // It was added before, and is found in the way again.
  void object(Objection objection);

  // The first that was found since the last call, of those that can be refused.
  std::optional<Objection> take_refusable();

  [[nodiscard]] const std::vector<Found>& all() const { return all_; }

 private:
  std::vector<Found> all_;
  std::optional<Objection> refusable_;
};

}  // namespace millrace::sink
