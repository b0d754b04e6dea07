// Replies: read, joined, capped. What is read must not depend on how the bytes came.
#include <string>
#include <utility>
#include <vector>

#include "pieces.h"
#include "smtp/reply.h"

using namespace millrace;

namespace {

struct Listener {
  void operator()(std::string_view piece) {
    while (!piece.empty() && !too_long) {
      smtp::Reply reply;
      switch (reader.next(piece, reply)) {
        case smtp::ReplyReader::Result::reply:
          fuzz::require(reply.code >= 0 && reply.code <= 999);
          fuzz::require(reply.text.size() <= 2 * smtp::ReplyReader::kReplyLimit);
          replies.emplace_back(reply.code, reply.text);
          break;
        case smtp::ReplyReader::Result::more:
          fuzz::require(piece.empty());
          break;
        case smtp::ReplyReader::Result::too_long:
          too_long = true;
          break;
      }
    }
  }

  smtp::ReplyReader reader;
  std::vector<std::pair<int, std::string>> replies;
  bool too_long = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Listener in_pieces;
  fuzz::in_pieces(data, size, [&](std::string_view piece) { in_pieces(piece); });
  Listener whole;
  whole({reinterpret_cast<const char*>(data) + 1, size - 1});
  fuzz::require(in_pieces.replies == whole.replies && in_pieces.too_long == whole.too_long);
  return 0;
}
