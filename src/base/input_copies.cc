#include "base/input_copies.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/diagnostics.h"

namespace millrace {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

thread_local InputCopies* copies_in_use = nullptr;

bool is_directory(const FileDescriptor& file, const std::string& path) {
  struct stat status {};
  if (fstat(file.descriptor(), &status) != 0) throw Fatal(describe_error("open " + path, errno));
  return S_ISDIR(status.st_mode);
}

// A file in memory without a name.
FileDescriptor file_of(std::string_view content, const std::string& path) {
  FileDescriptor file(memfd_create("millrace", MFD_CLOEXEC));
  bool well = file.valid();
  while (well && !content.empty()) {
    const ssize_t written = write(file.descriptor(), content.data(), content.size());
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
    well = written > 0 || (written < 0 && errno == EINTR);
  }
  if (!well || lseek(file.descriptor(), 0, SEEK_SET) != 0) {
    throw Fatal(describe_error("copy " + path, errno));
  }
  return file;
}

}  // namespace

InputCopies::InputCopies(Index index, std::string contents)
    : handed_out_(true), index_(std::move(index)), contents_(std::move(contents)) {
  std::size_t offset = 0;
  for (const File& file : index_.files) {
    places_.emplace(file.path, Place{.offset = offset, .size = file.size});
    offset += file.size;
  }
  for (std::size_t number = 0; number < index_.listings.size(); ++number) {
    listings_.emplace(index_.listings[number].path, number);
  }
}

void InputCopies::add(const std::string& path, std::string_view content) {
  if (content.size() > most_bytes_ - contents_.size()) {
    throw Fatal(path + ": with it the files that are handed out to other hosts have more than " +
                std::to_string(most_bytes_ / kMiB) + " MiB together, which is the most");
  }
  index_.files.push_back({.path = path, .size = content.size()});
  places_.emplace(path, Place{.offset = contents_.size(), .size = content.size()});
  contents_ += content;
}

void InputCopies::refuse_unknown(const std::string& path) {
  throw Fatal("open " + path + ": it is not among the files that were handed out");
}

void InputCopies::take(const FileDescriptor& file, const std::string& path, Reader read) {
  if (!has(path)) add(path, read(file, path, most_bytes_ - contents_.size()));
}

FileDescriptor InputCopies::open(const std::string& path, Reader read) {
  if (!has(path)) {
    if (handed_out_) refuse_unknown(path);
    FileDescriptor file = open_on_this_host(path);
    if (is_directory(file, path)) return file;
    take(file, path, read);
  }
  const auto [offset, size] = places_.at(path);
  return file_of(std::string_view(contents_).substr(offset, size), path);
}

const std::vector<std::string>& InputCopies::files_of(
    const std::string& path, const std::function<std::vector<std::string>()>& look) {
  auto listed = listings_.find(path);
  if (listed == listings_.end()) {
    if (handed_out_) refuse_unknown(path);
    std::vector<std::string> files = look();
    listed = listings_.emplace(path, index_.listings.size()).first;
    index_.listings.push_back({.path = path, .files = std::move(files)});
  }
  return index_.listings[listed->second].files;
}

InputCopies* InputCopies::in_use() { return copies_in_use; }

InputCopies::Use::Use(InputCopies& copies) { copies_in_use = &copies; }

InputCopies::Use::~Use() { copies_in_use = nullptr; }

}  // namespace millrace
