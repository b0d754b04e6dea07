#include "sink/store/memory_store.h"

#include <utility>

namespace millrace::sink {
namespace {

// Returns 0, or the errno value of what could not be read.
int take_content(const KeptContent& content, RememberedMessage& message) {
  message.size = content.size();
  if (content.size() > MessageMemory::kLargestContent) return 0;
  std::string text;
  text.reserve(content.size());
  const int error = content.visit([&text](std::string_view piece) {
    text.append(piece);
    return 0;
  });
  if (error == 0) message.content = std::move(text);
  return error;
}

}  // namespace

MemoryStore::MemoryStore(std::string name, MessageMemory& memory)
    : name_(std::move(name)), memory_(memory) {}

int MemoryStore::add(KeptMessages messages) {
  added_.clear();
  for (const auto& kept : messages) {
    RememberedMessage message{.id = kept->id,
                              .time = kept->time,
                              .listener = kept->listener,
                              .client = kept->client,
                              .sender = kept->sender,
                              .mail_parameters = kept->mail_parameters,
                              .recipients = kept->recipients,
                              .hash = kept->hash};
    if (const int error = take_content(kept->content, message); error != 0) return error;
    added_.push_back(std::make_shared<RememberedMessage>(std::move(message)));
  }
  return 0;
}

}  // namespace millrace::sink
