#pragma once

#include <optional>
#include <string>

#include "sink/store/append_file.h"
#include "sink/store/message_forms.h"
#include "sink/store/store.h"
#include "sink/store/text_target.h"

namespace millrace::sink {

// Messages one behind the other in a file: mbox and JSON lines.
class AppendStore final : public Store {
 public:
  // `file` must outlive this.
  AppendStore(std::string name, AppendFile& file, MessageForm form);

  [[nodiscard]] const std::string& name() const override { return name_; }
  int add(KeptMessages messages) override;
  void keep() override;
  void undo() override { addition_.reset(); }

 private:
  const std::string name_;
  AppendFile& file_;
  const MessageForm form_;
  TextTarget target_;
  std::optional<AppendFile::Addition> addition_;
};

}  // namespace millrace::sink
