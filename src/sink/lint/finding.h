// sink/lint/ judges clients: what they do against the RFCs is counted, with a sample of each, and
// refused where that is asked for. It is told of sessions, as other observers are, and knows
// neither sockets nor reports.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::sink {

// What a client may do against an RFC.
enum class Finding : std::uint8_t {
  bare_cr,
  bare_lf,
  nul,
  long_command,
  long_line,
  eight_bit_body,
  eight_bit_header,
  utf8_address,
  before_greeting,
  before_reply,
  behind_group_end,
  before_354,
  behind_starttls,
  no_tls_handshake,
  hello_name,
  no_hello,
  no_hello_after_tls,
  order,
  unknown_command,
  not_announced,
  blank_before_path,
  no_brackets,
  bad_path,
  clear_auth,
  wrong_size,
  bdat_count,
  unstuffed_dot,
  no_date,
  no_from,
  no_message_id,
  doubled_field,
  bad_field,
  bad_folding,
  no_quit,
  early_retry,
};

// A row a finding.
struct FindingSpec {
  Finding finding;
  std::string_view name;
  std::string_view what;
  std::string_view rfc;  // number and section, of which there may be several
  // What begins the reply that refuses it (kOtherCodes has exceptions); empty: there is nothing
  // that could be refused, or it is already.
  std::string_view code = {};
  bool closes = false;  // what follows would be taken for commands
};

inline constexpr std::size_t kFindingCount = 35;

// All there are, in the order of the enumeration.
inline constexpr std::array<FindingSpec, kFindingCount> kFindings = {{
    {Finding::bare_cr, "bare-cr", "a CR without LF", "RFC 5321, 2.3.8", "500 5.5.2"},
    {Finding::bare_lf, "bare-lf", "an LF without CR", "RFC 5321, 2.3.8", "500 5.5.2"},
    {Finding::nul, "nul", "a NUL byte", "RFC 5322, 2.1", "500 5.5.2"},
    {Finding::long_command, "long-command", "a command line of more than 512 bytes",
     "RFC 5321, 4.5.3.1.4", "500 5.5.2"},
    {Finding::long_line, "long-line", "a line of text of more than 998 bytes, 1000 with its CR LF",
     "RFC 5321, 4.5.3.1.6; RFC 5322, 2.1.1", "500 5.5.2"},
    {Finding::eight_bit_body, "8bit-body", "8-bit bytes in a body without BODY=8BITMIME",
     "RFC 5321, 2.4; RFC 6152, 3", "554 5.6.3"},
    {Finding::eight_bit_header, "8bit-header", "8-bit bytes in a header without SMTPUTF8",
     "RFC 5322, 2.2; RFC 6531, 3.4", "554 5.6.9"},
    {Finding::utf8_address, "utf8-address", "an address beyond ASCII without SMTPUTF8",
     "RFC 6531, 3.4", "553 5.6.7"},
    {Finding::before_greeting, "before-greeting", "something was said before the greeting",
     "RFC 5321, 4.3.1", "503 5.5.0"},
    {Finding::before_reply, "before-reply",
     "more was said before the reply, and PIPELINING was not announced",
     "RFC 5321, 4.3.1; RFC 2920, 3.1", "503 5.5.0"},
    {Finding::behind_group_end, "behind-group-end",
     "more was said behind a command that ends its group, before the reply", "RFC 2920, 3.1",
     "503 5.5.0"},
    {Finding::before_354, "before-354", "content was sent behind DATA, before the 354",
     "RFC 5321, 4.1.1.4; RFC 2920, 3.1", "554 5.5.0", true},
    {Finding::behind_starttls, "behind-starttls", "more was sent behind STARTTLS, before the reply",
     "RFC 3207, 4", "554 5.5.0", true},
    {Finding::no_tls_handshake, "no-tls-handshake",
     "what came in place of a TLS handshake was not TLS", "RFC 3207, 4; RFC 8314, 3.3"},
    {Finding::hello_name, "hello-name",
     "the name in HELO, EHLO or LHLO is neither a domain nor an address literal",
     "RFC 5321, 4.1.1.1", "501 5.5.4"},
    {Finding::no_hello, "no-hello", "no HELO, EHLO or LHLO came before it", "RFC 5321, 4.1.4",
     "503 5.5.1"},
    {Finding::no_hello_after_tls, "no-hello-after-tls",
     "no EHLO was the first command after STARTTLS", "RFC 3207, 4.2"},
    {Finding::order, "order", "a command was out of order", "RFC 5321, 4.1.4", "503 5.5.1"},
    {Finding::unknown_command, "unknown-command", "a line is no command", "RFC 5321, 4.1.1"},
    {Finding::not_announced, "not-announced",
     "a command or a parameter is of an extension that was not announced", "RFC 5321, 2.2",
     "502 5.5.1"},
    {Finding::blank_before_path, "blank-before-path", "a blank stands before the path",
     "RFC 5321, 3.3", "501 5.5.4"},
    {Finding::no_brackets, "no-brackets", "a path is not in angle brackets", "RFC 5321, 4.1.2",
     "501 5.5.4"},
    {Finding::bad_path, "bad-path", "there is no FROM: or TO:, or no mailbox behind it",
     "RFC 5321, 4.1.2", "501 5.5.4"},
    {Finding::clear_auth, "clear-auth", "a password was sent in clear text, without TLS",
     "RFC 4954, 4; RFC 8314, 3", "538 5.7.11"},
    {Finding::wrong_size, "wrong-size", "SIZE is no number, or less than what came",
     "RFC 1870, 6.3", "501 5.5.4"},
    {Finding::bdat_count, "bdat-count", "a count of BDAT is no number, or not that of its chunk",
     "RFC 3030, 2", "501 5.5.4"},
    {Finding::unstuffed_dot, "unstuffed-dot",
     "a line of text begins with a dot that is not doubled", "RFC 5321, 4.5.2", "554 5.6.0"},
    {Finding::no_date, "no-date", "the header has no Date", "RFC 5322, 3.6.1", "554 5.6.0"},
    {Finding::no_from, "no-from", "the header has no From", "RFC 5322, 3.6.2", "554 5.6.0"},
    {Finding::no_message_id, "no-message-id", "the header has no Message-ID", "RFC 5322, 3.6.4"},
    {Finding::doubled_field, "doubled-field", "a field that may be there once is there again",
     "RFC 5322, 3.6; RFC 2045, 3", "554 5.6.0"},
    {Finding::bad_field, "bad-field", "a line of the header is no field", "RFC 5322, 2.2",
     "554 5.6.0"},
    {Finding::bad_folding, "bad-folding",
     "a folded line holds nothing but blanks, or has no field before it",
     "RFC 5322, 2.2.3; RFC 5322, 3.2.2", "554 5.6.0"},
    {Finding::no_quit, "no-quit", "the client went without QUIT", "RFC 5321, 4.1.1.10"},
    {Finding::early_retry, "early-retry", "a recipient was tried again within 10 seconds of a 4xx",
     "RFC 5321, 4.5.4.1"},
}};

// What a finding is about, where that makes a difference to the reply (RFC 5321, 4.2 and 4.3.2).
enum class About : std::uint8_t {
  command,
  parameter,     // of MAIL or RCPT
  without_ehlo,  // a command behind HELO, which nothing is announced to
  content,       // at its end
};

struct OtherCode {
  Finding finding;
  About about;
  std::string_view code;
};

// RFC 5321 has 500 for the syntax of a command, 503 for what has to wait for EHLO, 555 for
// parameters (4.1.1.11), and at the end of data 550 or 554, or 500 for a line that is too long
// (4.5.3.1.9).
inline constexpr auto kOtherCodes = std::to_array<OtherCode>({
    {Finding::bare_cr, About::content, "550 5.5.2"},
    {Finding::bare_lf, About::content, "550 5.5.2"},
    {Finding::nul, About::content, "550 5.5.2"},
    {Finding::before_reply, About::content, "554 5.5.0"},
    {Finding::not_announced, About::parameter, "555 5.5.4"},
    {Finding::not_announced, About::without_ehlo, "503 5.5.1"},
    {Finding::wrong_size, About::content, "554 5.6.0"},
});

constexpr std::size_t index(Finding finding) { return static_cast<std::size_t>(finding); }
constexpr const FindingSpec& spec(Finding finding) { return kFindings[index(finding)]; }

}  // namespace millrace::sink
