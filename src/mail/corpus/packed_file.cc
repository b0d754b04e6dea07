#include "mail/corpus/packed_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/diagnostics.h"
#include "base/nameless_file.h"

namespace millrace::mail {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;

}  // namespace

MappedText::MappedText(const FileDescriptor& file, std::uint64_t size, const std::string& place) {
  if (size == 0) return;  // which cannot be mapped
  void* const begin = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.descriptor(), 0);
  if (begin == MAP_FAILED) {
    throw Fatal(describe_error(fmt::format("map {} bytes of a file in {}", size, place), errno));
  }
  text_ = {static_cast<const char*>(begin), size};
}

MappedText::~MappedText() {
  if (!text_.empty()) munmap(const_cast<char*>(text_.data()), text_.size());
}

void MappedText::expect_small_pieces() const {
  if (!text_.empty()) madvise(const_cast<char*>(text_.data()), text_.size(), MADV_RANDOM);
}

PackedFile::PackedFile()
    : directory_(directory_for_temporary_files()), file_(nameless_file(directory_)) {
  if (!file_.valid()) {
    throw Fatal(
        describe_error("make a file in " + directory_ + " (TMPDIR names another place)", errno));
  }
}

void PackedFile::write_blocks() {
  if (text_.size() >= kBlock) write_all();
}

void PackedFile::write_all() {
  std::string_view rest = text_;
  while (error_ == 0 && !rest.empty()) {
    const ssize_t written = write(file_.descriptor(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) error_ = errno;
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  written_ += text_.size();
  text_.clear();
  if (text_.capacity() > 2 * kBlock) text_.shrink_to_fit();  // a large message made it so
}

MappedText PackedFile::map() {
  write_all();
  if (error_ != 0) {
    throw Fatal(describe_error(
        fmt::format("{} bytes are needed in {} (TMPDIR names another place)", written_, directory_),
        error_));
  }
  return {file_, written_, directory_};
}

}  // namespace millrace::mail
