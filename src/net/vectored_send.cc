#include "net/vectored_send.h"

#include <string_view>

namespace millrace::net {

void VectoredSend::fill(const Output& output) {
  std::array<std::string_view, kPieces> pieces;
  const std::size_t filled = output.gather(pieces.data(), pieces.size());
  for (std::size_t i = 0; i < filled; ++i) {
    vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  header.msg_iov = vectors.data();
  header.msg_iovlen = filled;
}

}  // namespace millrace::net
