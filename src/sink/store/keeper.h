#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "sink/store/kept_message.h"
#include "sink/store/store.h"
#include "sink/store/stores.h"

namespace millrace::sink {

// What one worker thread keeps: all messages that a turn of the loop completes go to the stores
// together, before any of them is answered: add() and decide().
class Keeper {
 public:
  // `stores` must outlive this.
  explicit Keeper(Stores& stores) : shared_(stores), stores_(stores.open()) {}

  // A message to be filled, and back again.
  std::unique_ptr<KeptMessage> lend();
  void give_back(std::unique_ptr<KeptMessage> message);

  // It is complete, and goes with the next add().
  void await(std::unique_ptr<KeptMessage> message) { waiting_.push_back(std::move(message)); }
  [[nodiscard]] bool waiting() const { return !waiting_.empty(); }

  // Puts those that wait into all stores, to stay there when decide() says so. False: one of them
  // takes them not, which is said on standard error.
  bool add();
  // Leaves them there, or in none.
  void decide(bool keep);

 private:
  Stores& shared_;
  std::vector<std::unique_ptr<Store>> stores_;
  std::vector<std::unique_ptr<KeptMessage>> waiting_;
  std::vector<std::unique_ptr<KeptMessage>> idle_;
};

}  // namespace millrace::sink
