#include "sink/store/append_store.h"

#include <utility>

namespace millrace::sink {

AppendStore::AppendStore(std::string name, AppendFile& file, MessageForm form)
    : name_(std::move(name)), file_(file), form_(form) {}

int AppendStore::add(KeptMessages messages) {
  addition_.emplace(file_);
  if (addition_->error() != 0) return addition_->error();
  target_.begin([this](std::string_view text) { return addition_->write(text); });
  target_.text().append(addition_->separator());
  for (const auto& message : messages) form_(*message, target_);
  const int error = target_.flush();
  return error != 0 ? error : addition_->sync();
}

void AppendStore::keep() {
  addition_->keep();
  addition_.reset();
}

}  // namespace millrace::sink
