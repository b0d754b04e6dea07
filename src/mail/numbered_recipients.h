#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace millrace::mail {

// How recipients are told apart.
enum class RecipientNumber : std::uint8_t {
  none,
  count_down,  // 3foo, 2foo, foo in each message: what -r alone means
  prefix,      // 1foo, 2foo, ... counted over the whole program: -N
  suffix,      // foo0, foo1, ... counted over the whole program: Postfix since 3.9
};

// Recipients who are all one address but for a number at its local part.
class NumberedRecipients {
 public:
  // `most`: of a message, so that those of one are counted apart from those of the next.
  NumberedRecipients(const std::string& address, RecipientNumber number, std::size_t most);

  // Puts recipient number `recipient` of `recipients` of a message to the end of `text`.
  void append(std::uint64_t message, std::size_t recipient, std::size_t recipients,
              std::string& text) const;

 private:
  std::string local_part_;
  std::string domain_;  // with its '@'; empty when the address has none
  RecipientNumber number_;
  std::size_t most_;
};

}  // namespace millrace::mail
