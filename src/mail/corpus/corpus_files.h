#pragma once

#include <functional>
#include <string>

#include "base/file_descriptor.h"

namespace millrace::mail {

// A file that was opened, and what it is called.
using VisitFile = std::function<void(const FileDescriptor& file, const std::string& path)>;

// Visits the files of a corpus. `path` names one, which may be a pipe, or a directory: then those
// in it and below it, in the order of their names as bytes, so that it is the same on every host.
//
// A directory that has the directories cur and new is a Maildir: these are all that is looked at,
// cur first. Names that begin with a dot are passed over, as shells do, and so is what cannot hold
// mail: pipes, sockets and devices. Links to files are followed. What may hold mail and cannot be
// read is an error: a link to a directory, one to nowhere, and what may not be opened. Where copies
// are in use (base/input_copies.h) files are those. Throws Fatal.
void for_each_file(const std::string& path, const VisitFile& visit);

}  // namespace millrace::mail
