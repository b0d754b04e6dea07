#include "sink/store/kept_content.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/nameless_file.h"
#include "base/storage.h"
#include "sink/write_all.h"

namespace millrace::sink {
namespace {

// Content above this size is in a file.
constexpr std::size_t kContentInMemory = 64 * 1024;

}  // namespace

void KeptContent::begin(const std::string& directory, std::uint64_t largest) {
  forget();
  directory_ = &directory;
  largest_ = largest;
  size_ = 0;
  error_ = 0;
}

void KeptContent::append(std::string_view bytes) {
  if (error_ != 0) return;
  if (bytes.size() > largest_ - size_) {
    forget();
    error_ = EMSGSIZE;
    return;
  }
  size_ += bytes.size();
  memory_.append(bytes);
  if (memory_.size() > kContentInMemory) spill();
}

void KeptContent::spill() {
  if (!file_.valid()) file_ = nameless_file(*directory_);
  error_ = file_.valid() ? write_all(file_.descriptor(), memory_) : errno;
  if (error_ != 0) return forget();
  in_file_ += memory_.size();
  memory_.clear();
}

void KeptContent::forget() {
  file_ = FileDescriptor();
  in_file_ = 0;
  recycle(memory_);
}

int KeptContent::visit(const std::function<int(std::string_view piece)>& take) const {
  if (error_ != 0) return error_;
  std::array<char, kContentInMemory> block;
  for (std::uint64_t place = 0; place < in_file_;) {
    const ssize_t length =
        pread(file_.descriptor(), block.data(), block.size(), static_cast<off_t>(place));
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return length < 0 ? errno : EIO;
    if (const int error = take({block.data(), static_cast<std::size_t>(length)}); error != 0) {
      return error;
    }
    place += static_cast<std::uint64_t>(length);
  }
  return memory_.empty() ? 0 : take(memory_);
}

}  // namespace millrace::sink
