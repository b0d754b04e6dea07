#include "mail/header_form.h"

#include <algorithm>
#include <array>

#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

constexpr std::array<std::string_view, 12> kAddresses = {
    "From",        "Sender",        "Reply-To",  "To",        "Cc",         "Bcc",
    "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Bcc", "Errors-To"};

constexpr std::array<std::string_view, 20> kStructured = {
    "Date",           "Message-ID", "In-Reply-To",       "References",
    "Resent-Date",    "Received",   "Resent-Message-ID", "Return-Path",
    "MIME-Version",   "List-Id",    "List-Help",         "List-Unsubscribe",
    "List-Subscribe", "List-Post",  "List-Owner",        "List-Unsubscribe-Post",
    "List-Archive",   "Precedence", "Auto-Submitted",    "DKIM-Signature"};

bool is_one_of(std::string_view name, const auto& names) {
  return std::ranges::any_of(
      names, [&](std::string_view known) { return smtp::same_keyword(name, known); });
}

}  // namespace

HeaderForm form_of_header(std::string_view name) {
  if (is_one_of(name, kAddresses)) return HeaderForm::addresses;
  if (is_one_of(name, kStructured)) return HeaderForm::structured;
  // All of MIME's are but one (RFC 2045, 8).
  constexpr std::string_view kMime = "Content-";
  const bool mime = smtp::same_keyword(name.substr(0, kMime.size()), kMime);
  return mime && !smtp::same_keyword(name, "Content-Description") ? HeaderForm::structured
                                                                  : HeaderForm::unstructured;
}

std::size_t header_name_length(std::string_view line) {
  const auto in_name = [](char byte) { return byte > ' ' && byte <= '~' && byte != ':'; };
  const auto length =
      static_cast<std::size_t>(std::ranges::find_if_not(line, in_name) - line.begin());
  // Blanks ahead of the colon are obsolete, and read (RFC 5322, 4.5).
  const std::size_t colon = line.find_first_not_of(smtp::kBlanks, length);
  return colon != std::string_view::npos && line[colon] == ':' ? length : 0;
}

}  // namespace millrace::mail
