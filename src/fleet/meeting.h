#pragma once

#include <string>
#include <vector>

#include "base/file_descriptor.h"

namespace millrace::fleet {

// Where rank 0 waits for the others, each of which gets a TCP connection to it: on all addresses of
// this host that another may have a way to.
class Meeting {
 public:
  // Throws Fatal.
  Meeting();

  // What another rank must know. Its first word tells this place from whoever else has such an
  // address, as hosts of containers do; who knows the second is a rank.
  [[nodiscard]] const std::string& place() const { return place_; }

  // Waits for all others. By rank; the first is this one, which has none. Throws Fatal naming those
  // that have not come.
  std::vector<FileDescriptor> assemble(unsigned ranks);

 private:
  std::vector<FileDescriptor> listening_;
  std::string name_;
  std::string secret_;
  std::string place_;
};

// Another rank: goes there, by the address that answers first. Throws Fatal naming them.
FileDescriptor attend(const std::string& place, unsigned rank);

}  // namespace millrace::fleet
