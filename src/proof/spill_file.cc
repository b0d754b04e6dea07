#include "proof/spill_file.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/diagnostics.h"
#include "base/nameless_file.h"

namespace millrace::proof {

SpillFile::SpillFile(std::string directory)
    : directory_(directory.empty() ? directory_for_temporary_files() : std::move(directory)) {}

void SpillFile::append(const void* bytes, std::size_t size) {
  if (!file_.valid()) {
    file_ = nameless_file(directory_);
    if (!file_.valid()) throw Fatal(describe_error("temporary file in " + directory_, errno));
  }
  const char* from = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = write(file_.descriptor(), from, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw Fatal(describe_error("temporary file in " + directory_, errno));
    from += written;
    size -= static_cast<std::size_t>(written);
    size_ += static_cast<std::uint64_t>(written);
  }
}

void SpillFile::read(std::uint64_t place, void* bytes, std::size_t size) const {
  char* to = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t got = pread(file_.descriptor(), to, size, static_cast<off_t>(place));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw Fatal(describe_error("temporary file in " + directory_, got == 0 ? EIO : errno));
    }
    to += got;
    size -= static_cast<std::size_t>(got);
    place += static_cast<std::uint64_t>(got);
  }
}

}  // namespace millrace::proof
