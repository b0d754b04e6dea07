#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/roll.h"
#include "mail/address_part.h"
#include "mail/weights.h"

namespace millrace::mail {

// Addresses, or domains or local parts, that a file names: an address takes its length, 4 bytes
// and, with weights, 8 more.
class AddressList {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of the file

  // `text`, the content of the file `name`: one a line; blank lines and those that begin with '#'
  // are passed over. With weights where the first line names the columns "address" and "weight",
  // in any order, between commas. Nothing when something is wrong with it, and `why` says what and
  // where: "senders.txt:3: 'x' is no address".
  static std::optional<AddressList> parse(std::string_view text, std::string_view name,
                                          AddressPart part, std::string& why);

  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  // Number `place`, below size(); lasts as long as the list.
  [[nodiscard]] std::string_view operator[](std::size_t place) const;
  // One by the weights, or each alike often where there are none.
  [[nodiscard]] std::string_view draw(Roll& roll) const;

 private:
  std::string text_;  // all of them, one behind the other
  std::vector<std::uint32_t> ends_;
  std::optional<Weights> weights_;
};

}  // namespace millrace::mail
