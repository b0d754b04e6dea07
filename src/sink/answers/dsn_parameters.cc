#include "sink/answers/dsn_parameters.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>

#include "smtp/keyword.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

// The value of the parameter of that name, where it has one.
std::string_view parameter(std::string_view arguments, std::string_view name) {
  arguments.remove_prefix(smtp::path_in(arguments).size());
  for (;;) {
    std::string_view value = smtp::take_word(arguments);
    if (value.empty()) return {};
    if (!smtp::same_keyword(smtp::take_word(value, "="), name)) continue;
    return value.substr(std::min<std::size_t>(value.size(), 1));
  }
}

// What xtext stands for (RFC 3461, 4): a '+' has two hexadecimal digits behind it. Under SMTPUTF8
// it may hold UTF-8 (RFC 6533, 3).
std::optional<std::string> decoded(std::string_view xtext) {
  std::string plain;
  for (; !xtext.empty(); xtext.remove_prefix(1)) {
    if (xtext.front() != '+') {
      plain += xtext.front();
      continue;
    }
    const std::string_view digits = xtext.substr(1, 2);
    unsigned value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || digits.size() < 2 || end != digits.data() + 2) return std::nullopt;
    plain += static_cast<char>(value);
    xtext.remove_prefix(2);
  }
  return plain;
}

// Of addresses (RFC 3464, 2.1.2), as "rfc822" and "utf-8" are.
bool address_type(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char byte) {
    return (byte < 0x80 && std::isalnum(byte) != 0) || byte == '-';
  });
}

bool asks_for_failure(std::string_view notify) {
  if (notify.empty()) return true;
  for (;;) {
    const std::string_view word = smtp::take_word(notify, ",");
    if (word.empty()) return false;
    if (smtp::same_keyword(word, "FAILURE")) return true;
  }
}

}  // namespace

std::string envelope_id(std::string_view arguments) {
  return decoded(parameter(arguments, "ENVID")).value_or("");
}

NotificationRequest notification_request(std::string_view arguments) {
  NotificationRequest request{.failure = asks_for_failure(parameter(arguments, "NOTIFY"))};
  const auto original = decoded(parameter(arguments, "ORCPT"));
  if (!original) return request;
  const std::size_t end = original->find(';');
  const bool typed = end != std::string::npos && address_type(original->substr(0, end));
  if (typed && end + 1 < original->size()) request.original_recipient = *original;
  return request;
}

}  // namespace millrace::sink
