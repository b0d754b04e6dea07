#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sink/store/message_memory.h"
#include "sink/store/store.h"

namespace millrace::sink {

// Messages that are kept in memory alone.
class MemoryStore final : public Store {
 public:
  // `memory` must outlive this.
  MemoryStore(std::string name, MessageMemory& memory);

  [[nodiscard]] const std::string& name() const override { return name_; }
  int add(KeptMessages messages) override;
  void keep() override { memory_.add(std::exchange(added_, {})); }
  void undo() override { added_.clear(); }

 private:
  const std::string name_;
  MessageMemory& memory_;
  std::vector<std::shared_ptr<RememberedMessage>> added_;
};

}  // namespace millrace::sink
