#include "sink/store/folder_store.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/file_descriptor.h"
#include "sink/store/directory.h"
#include "sink/write_all.h"

namespace millrace::sink {
namespace {

// As maildir(5) has it in the name of a file: '/' and ':' become octal numbers.
std::string host_in_file_name() {
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return "localhost";
  std::string text;
  for (const char byte : std::string_view(host.data())) {
    if (byte == '/') {
      text += "\\057";
    } else if (byte == ':') {
      text += "\\072";
    } else {
      text += byte;
    }
  }
  return text;
}

}  // namespace

FolderLayout maildir_layout(const std::string& directory) {
  return {.directory = directory + "/new/",
          .part_directory = directory + "/tmp/",
          .suffix = "." + host_in_file_name(),
          .part_suffix = ""};
}

FolderLayout eml_layout(const std::string& directory) {
  return {.directory = directory + "/",
          .part_directory = directory + "/",
          .suffix = ".eml",
          .part_suffix = ".part"};
}

FolderStore::FolderStore(std::string name, FolderLayout layout, MessageForm form, bool sync)
    : name_(std::move(name)), layout_(std::move(layout)), form_(form), sync_(sync) {}

int FolderStore::add(KeptMessages messages) {
  for (const auto& message : messages) {
    const std::string file = message->id + layout_.suffix;
    std::string part = layout_.part_directory + file + std::string(layout_.part_suffix);
    const int error = write(*message, part);
    if (error != EEXIST) added_.push_back({std::move(part), layout_.directory + file});
    if (error != 0) return error;
  }
  return 0;
}

int FolderStore::write(const KeptMessage& message, const std::string& path) {
  const FileDescriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.valid()) return errno;
  target_.begin([&file](std::string_view text) { return write_all(file.descriptor(), text); });
  form_(message, target_);
  const int error = target_.flush();
  if (error != 0 || !sync_) return error;
  return fdatasync(file.descriptor()) == 0 ? 0 : errno;
}

int FolderStore::give_names() {
  for (const Added& one : added_) {
    if (rename(one.part.c_str(), one.whole.c_str()) != 0) return errno;
  }
  return sync_ ? sync_directory(layout_.directory) : 0;
}

void FolderStore::undo() {
  for (const Added& one : added_) {
    unlink(one.part.c_str());
    unlink(one.whole.c_str());
  }
  added_.clear();
}

}  // namespace millrace::sink
