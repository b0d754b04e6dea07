#pragma once

#include <string>

#include "base/file_descriptor.h"

namespace millrace {

// $TMPDIR, or /var/tmp, which unlike /tmp is a disk everywhere and has room.
std::string directory_for_temporary_files();

// A new file without a name, to read and write, gone with its last descriptor: nobody else can
// change it or cut it. Invalid where the directory takes none: errno says why.
FileDescriptor nameless_file(const std::string& directory);

}  // namespace millrace
