#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"
#include "base/input_file.h"

namespace millrace {

// Copies of the files that the user names, so that processes on other hosts read what one of them
// has read. One that begins empty takes a copy of each file that is read while it is in use; of
// one that was handed out nothing is read but what is in it.
class InputCopies {
 public:
  // Of all files together.
  static constexpr std::size_t kMostBytes = std::size_t{1} << 30;

  struct File {
    std::string path;  // as it is named
    std::size_t size;  // bytes
    bool operator==(const File&) const = default;
  };
  struct Listing {
    std::string path;                // of a directory, or of one file
    std::vector<std::string> files;  // their paths, in order
    bool operator==(const Listing&) const = default;
  };
  // What there is: the contents of files are behind each other in this order.
  struct Index {
    std::vector<File> files;
    std::vector<Listing> listings;
    bool operator==(const Index&) const = default;
  };

  explicit InputCopies(std::size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}
  // Those that were handed out. The sizes of files must add up to that of `contents`.
  InputCopies(Index index, std::string contents);

  [[nodiscard]] const Index& index() const { return index_; }
  // Leaves nothing but the index behind.
  std::string take_contents() { return std::move(contents_); }

  // Whether there is a copy of this file.
  [[nodiscard]] bool has(const std::string& path) const { return places_.contains(path); }

  // What of a file is copied. `most`: for how many bytes there is room; more of them are refused.
  using Reader = std::string (*)(const FileDescriptor& file, const std::string& path,
                                 std::size_t most);

  // A copy to be read, which goes with its descriptor; a directory as it is. Where it is taken now,
  // of what `read` reads. Throws Fatal, naming the file: also where all together would be more than
  // that may be.
  FileDescriptor open(const std::string& path, Reader read = read_all);

  // Takes a copy of what is in a file that was opened, where there is none yet, as open() does.
  void take(const FileDescriptor& file, const std::string& path, Reader read = read_all);

  // The files of a directory, which `look` finds where that was not listed yet. Throws Fatal.
  const std::vector<std::string>& files_of(const std::string& path,
                                           const std::function<std::vector<std::string>()>& look);

  // Those that this thread is to use, or null.
  static InputCopies* in_use();

  // While it lives open_input() (base/input_file.h) goes by them, on this thread.
  class Use {
   public:
    explicit Use(InputCopies& copies);
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();
  };

 private:
  struct Place {
    std::size_t offset;
    std::size_t size;
  };

  void add(const std::string& path, std::string_view content);
  [[noreturn]] static void refuse_unknown(const std::string& path);

  std::size_t most_bytes_ = kMostBytes;
  bool handed_out_ = false;  // nothing is added
  Index index_;
  std::string contents_;
  std::map<std::string, Place> places_;          // by path
  std::map<std::string, std::size_t> listings_;  // by path, their numbers in the index
};

}  // namespace millrace
