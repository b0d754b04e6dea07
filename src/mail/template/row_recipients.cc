#include "mail/template/row_recipients.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "base/utf8.h"
#include "mail/addresses/address_part.h"
#include "smtp/keyword.h"

namespace millrace::mail {

std::optional<RowRecipients> RowRecipients::of(std::shared_ptr<const Csv> fields,
                                               std::string_view column,
                                               std::vector<std::string>& mistakes) {
  const auto place = fields->column(column);
  if (!place) {
    mistakes.push_back(
        fmt::format("{}:1: no column is called {}", fields->name(), in_quotes(column)));
    return std::nullopt;
  }
  RowRecipients recipients(std::move(fields), *place);
  const Csv& csv = *recipients.fields_;
  bool good = true;
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    const std::string_view address = recipients[row];
    if (!valid_part(address, AddressPart::mailbox)) {
      good = false;
      if (mistakes.size() == kMostMistakes) break;
      mistakes.push_back(fmt::format("{}:{}: {}: {}", csv.name(), csv.line(row),
                                     csv.columns()[*place],
                                     no_part(address, AddressPart::mailbox)));
    } else if (recipients.beyond_ascii_.empty() && !is_ascii(address)) {
      recipients.beyond_ascii_ =
          fmt::format("{}:{}: {}", csv.name(), csv.line(row), in_quotes(address));
    }
  }
  if (!good) return std::nullopt;
  return recipients;
}

std::string_view RowRecipients::operator[](std::uint64_t message) const {
  return smtp::without_blanks(fields_->field(message % fields_->rows(), column_));
}

}  // namespace millrace::mail
