#include "mail/corpus/corpus_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/input_copies.h"
#include "base/input_file.h"

namespace millrace::mail {
namespace {

// Directories in each other; each takes a descriptor.
constexpr int kDeepest = 64;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

// The names in a directory, in order. Each takes its bytes and a pointer, since there may be a
// million of them.
class SortedNames {
 public:
  // Throws Fatal, `path` naming the directory.
  SortedNames(DIR* directory, const std::string& path) {
    for (;;) {
      errno = 0;
      const dirent* const entry = readdir(directory);
      if (entry == nullptr && errno != 0) throw Fatal(describe_error("read " + path, errno));
      if (entry == nullptr) break;
      if (entry->d_name[0] == '.') continue;
      const std::size_t size = std::strlen(entry->d_name) + 1;
      void* const name = storage_.allocate(size, 1);
      names_.push_back(static_cast<char*>(std::memcpy(name, entry->d_name, size)));
    }
    std::sort(names_.begin(), names_.end(), is_before);
  }

  [[nodiscard]] auto begin() const { return names_.begin(); }
  [[nodiscard]] auto end() const { return names_.end(); }

  [[nodiscard]] bool has(const char* name) const {
    return std::binary_search(begin(), end(), name, is_before);
  }

 private:
  static bool is_before(const char* one, const char* other) { return std::strcmp(one, other) < 0; }

  std::pmr::monotonic_buffer_resource storage_;
  std::vector<const char*> names_;
};

class Walk {
 public:
  Walk(std::string path, const VisitFile& visit) : path_(std::move(path)), visit_(visit) {}

  void enter(FileDescriptor file) {
    if (depth_ == kDeepest) {
      throw Fatal(fmt::format("{} is more than {} directories deep", path_, kDeepest));
    }
    const Directory directory(fdopendir(file.descriptor()));
    if (directory == nullptr) throw Fatal(describe_error("read " + path_, errno));
    file.release();  // which closedir() closes
    const SortedNames names(directory.get(), path_);
    ++depth_;
    const int here = dirfd(directory.get());
    if (names.has("cur") && names.has("new") && is_directory(here, "cur") &&
        is_directory(here, "new")) {
      visit_entry(here, "cur");
      visit_entry(here, "new");
    } else {
      for (const char* const name : names) visit_entry(here, name);
    }
    --depth_;
  }

 private:
  static bool is_directory(int directory, const char* name) {
    struct stat status {};
    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
  }

  void visit_entry(int directory, const char* name) {
    const std::size_t length = path_.size();
    if (!path_.ends_with('/')) path_ += '/';
    path_ += name;
    look_at(directory, name);
    path_.resize(length);
  }

  // Nothing is opened before it is known what it is: to open a pipe waits, and a device may act.
  void look_at(int here, const char* name) {
    struct stat status {};
    if (fstatat(here, name, &status, 0) != 0) throw Fatal(describe_error("open " + path_, errno));
    const bool is_file = S_ISREG(status.st_mode);
    if (!is_file && !S_ISDIR(status.st_mode)) return;
    // What has become something else meanwhile is an error.
    const int kind = is_file ? O_NONBLOCK | O_NOCTTY : O_DIRECTORY | O_NOFOLLOW;
    FileDescriptor file(openat(here, name, O_RDONLY | O_CLOEXEC | kind));
    if (!file.valid() && !is_file && (errno == ELOOP || errno == ENOTDIR)) {
      throw Fatal(path_ + " is a link to a directory, which is not followed");
    }
    if (!file.valid()) throw Fatal(describe_error("open " + path_, errno));
    if (is_file) return visit_(file, path_);
    enter(std::move(file));
  }

  std::string path_;  // of where it is
  const VisitFile& visit_;
  int depth_ = 0;
};

void walk(const std::string& path, const VisitFile& visit) {
  FileDescriptor file = open_input(path);
  struct stat status {};
  if (fstat(file.descriptor(), &status) != 0) throw Fatal(describe_error("open " + path, errno));
  if (!S_ISDIR(status.st_mode)) return visit(file, path);
  Walk(path, visit).enter(std::move(file));
}

// Of the files of which copies were taken. They are not opened again, as something else may have
// their names by then.
std::vector<std::string> taken_by(InputCopies& copies, const std::string& path) {
  std::vector<std::string> names;
  walk(path, [&](const FileDescriptor& file, const std::string& name) {
    copies.take(file, name);
    names.push_back(name);
  });
  return names;
}

}  // namespace

void for_each_file(const std::string& path, const VisitFile& visit) {
  InputCopies* const copies = InputCopies::in_use();
  if (copies == nullptr) return walk(path, visit);
  for (const std::string& name : copies->files_of(path, [&] { return taken_by(*copies, path); })) {
    visit(open_input(name), name);
  }
}

}  // namespace millrace::mail
