#include "base/input_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "base/diagnostics.h"
#include "base/input_copies.h"
#include "base/pem_certificates.h"

namespace millrace {
namespace {

// All authorities that a system trusts have a quarter of a MiB; the rest is for lists of what they
// revoked.
constexpr std::size_t kMostWithCertificates = std::size_t{16} << 20;

std::string certificates_in(const FileDescriptor& file, const std::string& path,
                            std::size_t /*most*/) {
  const std::string text = read_all(file, path, kMostWithCertificates);
  if (text.size() > kMostWithCertificates) {
    throw Fatal(path + ": more than 16 MiB, which is the most for certificates");
  }
  return pem_certificates(text);
}

}  // namespace

FileDescriptor open_input(const std::string& path) {
  InputCopies* const copies = InputCopies::in_use();
  return copies != nullptr ? copies->open(path) : open_on_this_host(path);
}

FileDescriptor open_on_this_host(const std::string& path) {
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) throw Fatal(describe_error("open " + path, errno));
  return file;
}

bool can_be_read_again(const std::string& path) {
  const InputCopies* const copies = InputCopies::in_use();
  return copies != nullptr ? copies->has(path) : std::filesystem::is_regular_file(path);
}

std::string read_file(const std::string& path) { return read_all(open_input(path), path); }

std::string read_all(const FileDescriptor& file, const std::string& path, std::size_t most) {
  if (!file.valid()) throw Fatal(describe_error("open " + path, errno));
  std::string text;
  std::array<char, 65'536> buffer;
  for (;;) {
    const ssize_t got = read(file.descriptor(), buffer.data(), buffer.size());
    if (got == 0 || text.size() > most) return text;
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
    if (got < 0 && errno != EINTR) throw Fatal(describe_error("read " + path, errno));
  }
}

std::string read_certificates(const std::string& path) {
  InputCopies* const copies = InputCopies::in_use();
  const FileDescriptor file =
      copies != nullptr ? copies->open(path, certificates_in) : open_on_this_host(path);
  std::string certificates = certificates_in(file, path, kMostWithCertificates);
  if (certificates.empty()) throw Fatal(path + ": no certificate is in it (PEM)");
  return certificates;
}

std::string read_first_line(const std::string& path) {
  constexpr std::size_t kLongest = 65'536;
  const FileDescriptor file = open_on_this_host(path);
  std::string line;
  while (line.size() <= kLongest) {
    char byte = 0;  // one at a time: what follows the line is not ours
    const ssize_t got = read(file.descriptor(), &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Fatal(describe_error("read " + path, errno));
    if (got == 0 || byte == '\n') {
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    line += byte;
  }
  throw Fatal(path + ": its first line is too long");
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
}

}  // namespace millrace
