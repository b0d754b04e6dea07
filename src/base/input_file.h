#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"

namespace millrace {

// Files that the user names, to be read: a copy of one where such are in use on this thread
// (base/input_copies.h). All throw Fatal naming the file.
FileDescriptor open_input(const std::string& path);

// Never a copy, and none is taken: for what holds a secret, which goes to no other host.
FileDescriptor open_on_this_host(const std::string& path);

// Whether it is the same when it is read again: of a pipe it would be what comes then.
bool can_be_read_again(const std::string& path);

// All that is in it: of a plain file, or of a pipe until it ends.
std::string read_file(const std::string& path);

// The same of a file that was just opened, `path` by name: where that failed, errno says why. Of
// one with more than `most` bytes a few more than that come.
std::string read_all(const FileDescriptor& file, const std::string& path,
                     std::size_t most = std::string::npos);

// The certificates in PEM of a file that may hold a key besides, of which no copy is taken
// (base/pem_certificates.h). Throws Fatal, also where it has none, or more than 16 MiB of whatever.
std::string read_certificates(const std::string& path);

// The first line of a file with a secret, without its end; reads no further, so that a terminal or
// a pipe may go on. Throws Fatal, also where it has more than 64 KiB.
std::string read_first_line(const std::string& path);

// A text without the mark that some editors put in front of UTF-8 (U+FEFF).
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace millrace
