#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mail/csv.h"

namespace millrace::mail {

// Who the messages of a template are for, by a column of its fields, as in a mail merge: message n
// is for the address in row n modulo the number of rows, and for nobody else.
class RowRecipients {
 public:
  static constexpr std::size_t kMostMistakes = 100;  // that are told

  // Nothing where the table has no such column, or something in it is no address: each is one of
  // `mistakes`, "CSV:LINE: what is wrong".
  static std::optional<RowRecipients> of(std::shared_ptr<const Csv> fields, std::string_view column,
                                         std::vector<std::string>& mistakes);

  // That of the message, without blanks around it.
  [[nodiscard]] std::string_view operator[](std::uint64_t message) const;

  // The first that is more than ASCII: "CSV:LINE: 'text'"; empty: none is.
  [[nodiscard]] const std::string& beyond_ascii() const { return beyond_ascii_; }

 private:
  RowRecipients(std::shared_ptr<const Csv> fields, std::size_t column)
      : fields_(std::move(fields)), column_(column) {}

  std::shared_ptr<const Csv> fields_;
  std::size_t column_;
  std::string beyond_ascii_;
};

}  // namespace millrace::mail
