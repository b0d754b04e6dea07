#pragma once

#include <memory>
#include <span>
#include <string>

#include "sink/store/kept_message.h"

namespace millrace::sink {

using KeptMessages = std::span<const std::unique_ptr<KeptMessage>>;

// What one worker has of a place where messages are kept. Messages are added, get their names and
// are then kept, so that what several stores are to have is in all of them or in none. What can
// fail comes before keep().
class Store {
 public:
  virtual ~Store() = default;

  // Its name in messages to the user: "mbox:/var/mail/x".
  [[nodiscard]] virtual const std::string& name() const = 0;

  // Adds all of them, and has them on the disk where that is asked for. Others may have to wait
  // until keep() or undo(), one of which must follow. Returns 0, or the errno value of what failed.
  virtual int add(KeptMessages messages) = 0;
  // All stores have taken them: where others find messages by a name each gets its own now. Returns
  // 0 or an errno value, as add().
  virtual int give_names() { return 0; }
  // What was added stays.
  virtual void keep() = 0;
  // It goes: nothing of it is left.
  virtual void undo() = 0;
};

}  // namespace millrace::sink
