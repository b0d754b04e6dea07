#pragma once

#include <chrono>
#include <string>
#include <utility>

namespace millrace {

// Running counters (-c): a line of standard output that ends in CR, so that the next one is
// written over it.
class CounterLine {
 public:
  // How often it is worth showing: more often nobody can read it, and a write a message costs
  // more than the message does.
  static constexpr std::chrono::milliseconds kInterval{50};

  // `nothing`: what need not be shown before something has happened.
  explicit CounterLine(std::string nothing) : shown_(std::move(nothing)) {}

  // Shows `text`, unless it stands there. A reader who does not read is not waited for.
  void show(const std::string& text);

  // The same for the last time: a reader has a second to make room for it.
  void end(const std::string& text);

 private:
  void show(const std::string& text, std::chrono::milliseconds patience);

  std::string shown_;
};

}  // namespace millrace
