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

}  // namespace millrace::mail
