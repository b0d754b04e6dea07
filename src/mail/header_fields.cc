#include "mail/header_fields.h"

#include <algorithm>
#include <array>

#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

constexpr std::array<std::string_view, 25> kNames = {
    // Made anew (RFC 5322, 3.6.1, 3.6.3 and 3.6.4).
    "Date", "Message-ID", "To", "Cc", "Bcc",
    // Trace: a server that looks for loops by them would find one (RFC 5321, 4.4 and 6.3).
    "Received", "Return-Path", "Delivered-To", "Envelope-To", "Delivery-Date", "X-Original-To",
    // What a receiver found out (RFC 8601, RFC 7208), and signatures over what goes (RFC 6376).
    "Authentication-Results", "Received-SPF", "DKIM-Signature", "DomainKey-Signature",
    // What mailboxes keep their own record in.
    "Content-Length", "Lines", "Status", "X-Status", "X-Keywords", "X-UID", "X-IMAP", "X-IMAPbase",
    "X-GM-THRID", "X-Gmail-Labels"};

// Beginnings of names: of fields that send a message on (RFC 5322, 3.6.6), of a chain of seals
// (RFC 8617), of a mailbox's record.
constexpr std::array<std::string_view, 3> kBeginnings = {"Resent-", "ARC-", "X-Mozilla-"};

}  // namespace

std::string_view field_name(std::string_view line) {
  const auto in_name = [](char byte) { return byte > ' ' && byte <= '~' && byte != ':'; };
  const auto end = std::find_if_not(line.begin(), line.end(), in_name);
  const auto name = line.substr(0, static_cast<std::size_t>(end - line.begin()));
  const std::size_t colon = line.find_first_not_of(smtp::kBlanks, name.size());
  return colon != std::string_view::npos && line[colon] == ':' ? name : std::string_view();
}

bool continues_field(std::string_view line) {
  return !line.empty() && smtp::kBlanks.find(line.front()) != std::string_view::npos;
}

bool goes_when_sent_anew(std::string_view name) {
  const auto same = [&](std::string_view other) { return smtp::same_keyword(name, other); };
  const auto begins = [&](std::string_view beginning) {
    return smtp::same_keyword(name.substr(0, beginning.size()), beginning);
  };
  return std::any_of(kNames.begin(), kNames.end(), same) ||
         std::any_of(kBeginnings.begin(), kBeginnings.end(), begins);
}

}  // namespace millrace::mail
