#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sink/death_watch.h"
#include "sink/store/append_file.h"
#include "sink/store/message_memory.h"
#include "sink/store/store.h"
#include "sink/store/store_options.h"

namespace millrace::sink {

// "mbox": what is before the path in --store.
std::string_view form_name(StoreTarget::Form form);

// What all workers of a sink have together of the stores that it keeps messages in.
class Stores {
 public:
  // Makes what is not there, and the ends of files whole. To be made by the user who will write, in
  // the root directory where that will be. Throws Fatal. `options` must outlive this.
  explicit Stores(const StoreOptions& options);

  // All of them, for one worker; they must not outlive this. In the same order for each, so that
  // none waits for another that waits for it.
  std::vector<std::unique_ptr<Store>> open();

  // Where large messages are until they are whole.
  [[nodiscard]] const std::string& directory() const { return directory_; }
  // Bytes of a message.
  [[nodiscard]] std::uint64_t largest() const { return options_.largest; }
  // Whether a store tells of hashes.
  [[nodiscard]] bool hashes() const;
  // What is kept in memory; null: nothing is.
  [[nodiscard]] MessageMemory* memory() const { return memory_.get(); }

 private:
  const StoreOptions& options_;
  std::vector<const StoreTarget*> targets_;         // by turn and path
  std::vector<std::unique_ptr<AppendFile>> files_;  // one each; null of what is none
  std::unique_ptr<MessageMemory> memory_;           // null where no store is there
  std::string directory_;
  std::unique_ptr<DeathWatch> watch_;  // over the files; null where there is none
};

}  // namespace millrace::sink
