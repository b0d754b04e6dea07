#include "report/file_input.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "report/json_bounds.h"

namespace millrace::report {

FileInput::FileInput(std::string path)
    : path_(std::move(path)),
      descriptor_(path_ == "-" ? STDIN_FILENO : open_input(path_).release()) {}

FileInput::~FileInput() {
  if (path_ != "-") close(descriptor_);
}

FileInput::int_type FileInput::underflow() {
  ssize_t got = 0;
  do {
    got = read(descriptor_, buffer_.data(), buffer_.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw Fatal(describe_error("read", errno));
  if (got == 0) return traits_type::eof();
  bytes_ += static_cast<std::uint64_t>(got);
  unmarked_ += static_cast<std::size_t>(got);
  if (bytes_ > kReadLimits.bytes) {
    throw Fatal(fmt::format("more than {} bytes", kReadLimits.bytes));
  }
  if (unmarked_ > kReadLimits.piece) {
    throw Fatal(fmt::format("a value of more than {} bytes", kReadLimits.piece));
  }
  setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
  return traits_type::to_int_type(buffer_.front());
}

}  // namespace millrace::report
