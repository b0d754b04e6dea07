#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::report {

// How much of a file that claims to be a run is read. A run of a week with a hundred stages is far
// below all of it; what is beyond ends with a sentence before it costs memory or time.
struct ReadLimits {
  std::uint64_t bytes = std::uint64_t{1} << 30;
  std::size_t piece = 4 << 20;        // bytes of one value, or of the blanks between two
  std::size_t depth = 16;             // of objects and arrays within each other
  std::size_t keys = 256;             // of an object
  std::size_t elements = 10'000;      // of an array other than the series
  std::size_t structures = 1'000;     // objects and arrays directly in such an array, but rules
  std::size_t values = 500'000;       // of all but the rows of the series
  std::size_t row_values = 256;       // of a row of the series
  std::size_t text = 64 << 20;        // bytes in all strings, but of the rows only their stages
  std::size_t rows = 7 * 24 * 3'600;  // of the series
  std::size_t stages = 1'000;
  std::size_t rules = 5'000;
  std::size_t histogram_pages = 32'768;  // of 4 KiB: 128 MiB for all histograms but those of rows
};

inline constexpr ReadLimits kReadLimits;

// Looks at a document while it is parsed, as nlohmann's parser tells of it. At the end of an object
// the parser looks at all that is in the array or object around it: so these are short. Throws
// Fatal: what of it is too large, or is not in its place.
class JsonBounds {
 public:
  using Json = nlohmann::ordered_json;

  // Each event of the parser.
  void check(Json::parse_event_t event, const Json& parsed);
  // So many bytes of text of a row of the series stay when it has been taken out.
  void keep(std::size_t bytes);

  // Whether what is being read is a member of the array "series" itself, or between two.
  [[nodiscard]] bool in_series() const { return within("series"); }
  // The name of the member of the outermost object that is being read; empty outside of it.
  [[nodiscard]] const std::string& member() const { return member_; }

 private:
  struct Open {  // an object or an array
    bool array = false;
    std::size_t members = 0;
    std::size_t structures = 0;     // of the members of an array
    std::size_t values_before = 0;  // that were counted when it began
    std::size_t text_before = 0;
  };

  enum class Shape : std::uint8_t { scalar, array, object };

  void begin(Shape shape);
  void end();
  void count(Shape shape);
  void count_element(Open& array, Shape shape);
  [[nodiscard]] bool within(std::string_view array) const {
    return open_.size() == 2 && open_.back().array && member_ == array;
  }

  std::vector<Open> open_;
  std::string member_;
  std::size_t values_ = 0;
  std::size_t text_ = 0;
};

}  // namespace millrace::report
