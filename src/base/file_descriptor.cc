#include "base/file_descriptor.h"

#include <unistd.h>

namespace millrace {

FileDescriptor::~FileDescriptor() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace millrace
