#include "sink/lint/header_judge.h"

#include <algorithm>
#include <array>
#include <optional>

#include "smtp/keyword.h"

namespace millrace::sink {
namespace {

// A field that is there once at most, and what it is called where it is not there at all.
struct FieldSpec {
  std::string_view name;
  std::optional<Finding> missing = {};
};

// RFC 5322, 3.6; RFC 2045, 3.
constexpr auto kSingleFields = std::to_array<FieldSpec>({
    {"Date", Finding::no_date},
    {"From", Finding::no_from},
    {"Message-ID", Finding::no_message_id},
    {"Sender"},
    {"Reply-To"},
    {"To"},
    {"Cc"},
    {"Bcc"},
    {"In-Reply-To"},
    {"References"},
    {"Subject"},
    {"MIME-Version"},
    {"Content-Type"},
    {"Content-Transfer-Encoding"},
});

// What a name is made of: printable, and neither a blank nor a colon (RFC 5322, 2.2).
bool valid_name(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char byte) { return byte > ' ' && byte <= '~'; });
}

bool begins_folded(char byte) { return byte == ' ' || byte == '\t'; }

}  // namespace

void HeaderJudge::begin() {
  seen_ = 0;
  in_field_ = false;
  bad_ = false;
}

void HeaderJudge::take(const Line& line) {
  if (!begins_folded(line.beginning.front())) return take_field(line);
  if (line.blank || !in_field_) findings_.add(Finding::bad_folding, line.beginning);
}

void HeaderJudge::take_field(const Line& line) {
  const std::size_t colon = line.beginning.find(':');
  const bool cut = colon == std::string_view::npos && !line.whole;
  const std::string_view name = line.beginning.substr(0, colon);
  if (!cut && (colon == std::string_view::npos || !valid_name(name))) {
    if (!bad_) findings_.add(Finding::bad_field, line.beginning);
    bad_ = true;
    return;
  }
  in_field_ = true;
  for (std::size_t row = 0; row < kSingleFields.size(); ++row) {
    if (!smtp::same_keyword(name, kSingleFields[row].name)) continue;
    const std::uint32_t bit = std::uint32_t{1} << row;
    if ((seen_ & bit) != 0) findings_.add(Finding::doubled_field, line.beginning);
    seen_ |= bit;
  }
}

void HeaderJudge::finish() {
  for (std::size_t row = 0; row < kSingleFields.size(); ++row) {
    const auto& missing = kSingleFields[row].missing;
    if (missing && (seen_ & std::uint32_t{1} << row) == 0) findings_.add(*missing);
  }
}

}  // namespace millrace::sink
