#pragma once

#include <memory>

#include "smtp/message_source.h"

namespace millrace::mail {

// What is sent in a run, shared by all threads and unchanged while it lasts: message n is a
// function of it and of n.
class Workload {
 public:
  virtual ~Workload() = default;

  // Its messages, as one session asks for them. The workload outlasts them.
  [[nodiscard]] virtual std::unique_ptr<smtp::MessageSource> messages() const = 0;
};

}  // namespace millrace::mail
