// Command lines: cut, capped, split. The cut must not depend on how the bytes came.
#include <string>
#include <vector>

#include "pieces.h"
#include "smtp/line_reader.h"
#include "smtp/verb.h"

using namespace millrace;

namespace {

constexpr std::size_t kLimit = 64;

struct Cutter {
  void operator()(std::string_view piece) {
    while (!piece.empty() && !too_long) {
      std::string_view line;
      switch (reader.next(piece, line)) {
        case smtp::LineReader::Result::line: {
          fuzz::require(line.size() < kLimit && line.find("\r\n") == std::string_view::npos);
          const smtp::Command command = smtp::parse_command(line);
          fuzz::require(command.keyword.size() + command.arguments.size() <= line.size());
          smtp::find_verb(command.keyword);
          lines.emplace_back(line);
          break;
        }
        case smtp::LineReader::Result::more:
          fuzz::require(piece.empty());
          break;
        case smtp::LineReader::Result::too_long:
          too_long = true;
          break;
      }
    }
  }

  smtp::LineReader reader{smtp::LineEnd::crlf, kLimit};
  std::vector<std::string> lines;
  bool too_long = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Cutter in_pieces;
  fuzz::in_pieces(data, size, [&](std::string_view piece) { in_pieces(piece); });
  Cutter whole;
  whole({reinterpret_cast<const char*>(data) + 1, size - 1});
  fuzz::require(in_pieces.lines == whole.lines && in_pieces.too_long == whole.too_long);
  return 0;
}
