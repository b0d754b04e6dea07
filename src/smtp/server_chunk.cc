#include "smtp/server_chunk.h"

#include <algorithm>

namespace millrace::smtp {

bool ServerChunk::begin(std::string_view arguments) {
  *this = ServerChunk();
  const std::optional<Chunk> chunk = parse_chunk(arguments);
  chunk_ = chunk.value_or(Chunk{});
  return chunk.has_value();
}

std::string_view ServerChunk::take(std::string_view bytes) {
  const std::string_view own =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), chunk_.size)));
  chunk_.size -= own.size();
  return own;
}

}  // namespace millrace::smtp
