#pragma once

#include <cstdint>

namespace millrace::source {

// What a load model serves: one of the run that sends a message after the other, and can be told
// to go on.
class Sender {
 public:
  virtual ~Sender() = default;

  // The load model may have a message for it: it asks.
  virtual void go() = 0;

  // Which of the run's senders it is, from 0.
  [[nodiscard]] virtual std::uint64_t number() const = 0;
  // Whether it has begun with its first message.
  [[nodiscard]] virtual bool started() const = 0;

  // The load model's marks: on which of its lists it has this one.
  struct PlaceInPool {
    bool idle = false;
    bool with_room = false;
  } place_in_pool;
};

}  // namespace millrace::source
