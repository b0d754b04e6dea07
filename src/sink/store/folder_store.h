#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sink/store/message_forms.h"
#include "sink/store/store.h"
#include "sink/store/text_target.h"

namespace millrace::sink {

// How files are named in a folder: what is not whole yet is elsewhere, or has a name of its own.
struct FolderLayout {
  std::string directory;       // of the messages, with its '/'
  std::string part_directory;  // of those that are not whole, the same
  std::string suffix;          // behind the id of a message
  std::string_view part_suffix;
};

// DIR/{new,tmp}: the Maildir of qmail's maildir(5), where names end in the host's.
FolderLayout maildir_layout(const std::string& directory);
// DIR/ID.eml, and DIR/ID.eml.part.
FolderLayout eml_layout(const std::string& directory);

// A file a message, which has its name once all stores have the message.
class FolderStore final : public Store {
 public:
  FolderStore(std::string name, FolderLayout layout, MessageForm form, bool sync);

  [[nodiscard]] const std::string& name() const override { return name_; }
  int add(KeptMessages messages) override;
  int give_names() override;
  void keep() override { added_.clear(); }
  void undo() override;

 private:
  struct Added {
    std::string part;   // its path until it has its name
    std::string whole;  // and then
  };

  int write(const KeptMessage& message, const std::string& path);

  const std::string name_;
  const FolderLayout layout_;
  const MessageForm form_;
  const bool sync_;
  TextTarget target_;
  std::vector<Added> added_;
};

}  // namespace millrace::sink
