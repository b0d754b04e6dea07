#include "sink/answers/answer_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/calendar.h"
#include "base/printable.h"
#include "net/address_pool.h"
#include "sink/answers/encodings.h"
#include "sink/answers/header_fields.h"
#include "smtp/keyword.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

using Kind = rules::LaterAnswer::Kind;

// What is taken over of what others wrote, in bytes: a line must not pass 998 (RFC 5322, 2.1.1).
constexpr std::size_t kMostSubject = 200;
constexpr std::size_t kMostAddress = 320;  // RFC 5321, 4.5.3.1: 64, '@' and 255
constexpr std::size_t kMostEncodedAddress = 900;
constexpr std::size_t kMostEnvelopeId = 500;
constexpr std::size_t kMostDiagnostic = 600;
constexpr std::size_t kMostMessageId = 250;
constexpr std::size_t kMostReferences = 10;

constexpr std::string_view kUsualReply =
    "This is an automatic reply. Your message has arrived, and will be read later.";

// RFC 3463: permanent, and no more is known.
constexpr std::string_view kUsualStatus = "5.0.0";

// A part of a message, or all of its content.
struct Part {
  std::string type;  // of the field Content-Type
  std::string body;
};

std::string shown(std::string_view text, std::size_t most) {
  return beginning(printable(text, Charset::ascii), most);
}

// Lines as a person wrote them, in a file with whatever line ends.
std::string lines_of(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.append(printable(line, Charset::utf8)).append("\r\n");
  }
  return lines;
}

Part text_part(std::string text) {
  const bool ascii = seven_bit(text);
  return {.type = ascii ? "text/plain; charset=us-ascii" : "text/plain; charset=utf-8",
          .body = std::move(text)};
}

// `global`: what is in UTF-8 may be called so (RFC 6533), which RFC 5965, 2 knows nothing of.
Part header_part(const Answer& answer, bool global = false) {
  std::string header = answer.header ? *answer.header : std::string();
  return {.type = global && international_header(header) ? "message/global-headers"
                                                         : "text/rfc822-headers",
          .body = std::move(header)};
}

// With the fields that describe it, and the empty line behind them. Parts of the type message/ are
// ASCII composed here and need no encoding (RFC 2046, 5.2), but for global headers, which may have
// one (RFC 6533).
void append_part(std::string& text, const Part& part) {
  const bool plain = seven_bit(part.body);
  append_field(text, "Content-Type", part.type);
  append_field(text, "Content-Transfer-Encoding", plain ? "7bit" : "quoted-printable");
  text.append("\r\n").append(plain ? part.body : quoted_printable(part.body));
}

// Such that no part has it, whoever wrote what is in it.
std::string boundary_for(const std::vector<Part>& parts, std::string_view id) {
  for (unsigned number = 0;; ++number) {
    std::string boundary = fmt::format("=_{}.{}", id, number);
    const bool taken = std::any_of(parts.begin(), parts.end(), [&](const Part& part) {
      return part.body.find(boundary) != std::string::npos;
    });
    if (!taken) return boundary;
  }
}

// The rest of a message that is a report (RFC 6522).
void append_report(std::string& text, std::string_view type, std::string_view id,
                   const std::vector<Part>& parts) {
  const std::string boundary = boundary_for(parts, id);
  append_field(text, "Content-Type",
               fmt::format("multipart/report; report-type={}; boundary=\"{}\"", type, boundary));
  for (const Part& part : parts) {
    text.append("\r\n--").append(boundary).append("\r\n");
    append_part(text, part);
  }
  text.append("\r\n--").append(boundary).append("--\r\n");
}

// What each message begins with. RFC 3834, 5: a report may say that it is a reply; a complaint is
// none, since it was a person who complained.
void append_head(std::string& text, const Answer& answer, const AnswerOrigin& origin,
                 std::string_view from, std::string_view subject) {
  append_field(text, "From", from);
  append_field(text, "To", fmt::format("<{}>", answer.sender));
  append_field(text, "Subject", subject);
  append_field(text, "Date", mail_date(origin.date));
  append_field(text, "Message-ID", fmt::format("<{}@{}>", origin.id, origin.host_name));
  const bool complaint = answer.what.kind == Kind::complaint;
  append_field(text, "Auto-Submitted", complaint ? "auto-generated" : "auto-replied");
  append_field(text, "MIME-Version", "1.0");
}

std::vector<HeaderField> fields_of(const Answer& answer) {
  return header_fields(answer.header ? *answer.header : std::string_view());
}

std::string subject_behind(std::string_view prefix, const std::vector<HeaderField>& fields) {
  const std::string subject = unstructured(first_value(fields, "Subject"), kMostSubject);
  return fmt::format("{}: {}", prefix, subject.empty() ? "your message" : subject);
}

// An address with its type (RFC 3464, 2.1.2): ASCII, or UTF-8 by the escapes of RFC 6533, 3.
std::string typed_address(std::string_view address) {
  if (!international(address)) return fmt::format("rfc822; {}", shown(address, kMostAddress));
  return fmt::format("utf-8; {}", beginning(utf8_address(address), kMostEncodedAddress));
}

// What ORCPT gave: the address is of a type already.
std::string original_recipient(std::string_view typed) {
  const std::size_t end = typed.find(';');
  const std::string_view address = typed.substr(end + 1);
  const std::string safe = international(address)
                               ? beginning(seven_bit_escapes(address), kMostEncodedAddress)
                               : shown(address, kMostAddress);
  return fmt::format("{}; {}", shown(typed.substr(0, end), kMostAddress), safe);
}

std::string bounce(const Answer& answer, const AnswerOrigin& origin) {
  const std::string recipient = printable(beginning(answer.recipient, kMostAddress), Charset::utf8);
  const std::string diagnostic = shown(answer.what.diagnostic, kMostDiagnostic);
  std::string told;
  if (!answer.envelope_id.empty()) {
    // As it is, blanks and all: it is compared with what was given.
    told.append("Original-Envelope-Id: ").append(shown(answer.envelope_id, kMostEnvelopeId));
    told.append("\r\n");
  }
  append_field(told, "Reporting-MTA", fmt::format("dns; {}", origin.host_name));
  append_field(told, "Arrival-Date", mail_date(answer.arrived));
  told.append("\r\n");
  if (!answer.original_recipient.empty()) {
    append_field(told, "Original-Recipient", original_recipient(answer.original_recipient));
  }
  append_field(told, "Final-Recipient", typed_address(answer.recipient));
  append_field(told, "Action", "failed");
  append_field(told, "Status", answer.what.status.empty() ? kUsualStatus : answer.what.status);
  if (!diagnostic.empty()) {
    append_field(told, "Diagnostic-Code", fmt::format("smtp; {}", diagnostic));
  }
  std::string text;
  append_head(text, answer, origin,
              fmt::format("Mail Delivery System <MAILER-DAEMON@{}>", origin.host_name),
              "Your message could not be delivered");
  append_report(
      text, "delivery-status", origin.id,
      {text_part(fmt::format("This is the mail system at {}.\r\n\r\n"
                             "Your message to\r\n\r\n    <{}>\r\n\r\nwas taken at first. It could "
                             "not be delivered all the same:\r\n\r\n    {}\r\n\r\n"
                             "The same for programs, and your message's header, are below.\r\n",
                             origin.host_name, recipient, diagnostic)),
       {.type = "message/delivery-status", .body = std::move(told)},
       header_part(answer, true)});
  return text;
}

bool ascii_path(std::string_view text) {
  return !text.empty() && text.size() <= kMostAddress && printable(text, Charset::ascii) == text;
}

std::string complaint(const Answer& answer, const AnswerOrigin& origin) {
  const std::string recipient = printable(beginning(answer.recipient, kMostAddress), Charset::utf8);
  std::string told;
  append_field(told, "Feedback-Type", "abuse");
  append_field(told, "User-Agent", "Millrace");
  append_field(told, "Version", "1");
  append_field(told, "Original-Mail-From", fmt::format("<{}>", answer.sender));
  // It is a path in ASCII, or left out (RFC 5965, 3.5).
  if (ascii_path(answer.recipient)) {
    append_field(told, "Original-Rcpt-To", fmt::format("<{}>", answer.recipient));
  }
  append_field(told, "Arrival-Date", mail_date(answer.arrived));
  append_field(told, "Reporting-MTA", fmt::format("dns; {}", origin.host_name));
  if (const auto client = net::numeric_address(answer.client, 0)) {
    append_field(told, "Source-IP", client->host());
  }
  std::string text;
  append_head(text, answer, origin, fmt::format("Abuse Reports <abuse@{}>", origin.host_name),
              subject_behind("FW", fields_of(answer)));
  append_report(
      text, "feedback-report", origin.id,
      {text_part(fmt::format("This is a report of abuse, from {}.\r\n\r\n"
                             "    <{}>\r\n\r\nsays that your message is unwanted. It arrived on\r\n"
                             "{}; its header is below.\r\n",
                             origin.host_name, recipient, mail_date(answer.arrived))),
       {.type = "message/feedback-report", .body = std::move(told)},
       header_part(answer)});
  return text;
}

bool message_id(std::string_view word) {
  return word.size() > 2 && word.size() <= kMostMessageId && word.front() == '<' &&
         word.back() == '>' && word.find('"') == std::string_view::npos &&
         smtp::valid_mailbox(word.substr(1, word.size() - 2));
}

// The well-formed ones in the value of a field.
std::vector<std::string_view> message_ids(std::string_view value) {
  std::vector<std::string_view> ids;
  for (;;) {
    const std::string_view word = smtp::take_word(value);
    if (word.empty()) return ids;
    if (message_id(word)) ids.push_back(word);
  }
}

// RFC 5322, 3.6.4: a parent without References is itself a child of what it replies to where that
// is one message. No more than the last of them: a line of descent may be long.
void append_descent(std::string& text, const std::vector<HeaderField>& fields) {
  const std::string_view parent = first_value(fields, "Message-ID");
  if (!message_id(parent)) return;
  append_field(text, "In-Reply-To", parent);
  std::vector<std::string_view> ids = message_ids(first_value(fields, "References"));
  if (ids.empty()) {
    ids = message_ids(first_value(fields, "In-Reply-To"));
    if (ids.size() > 1) ids.clear();
  }
  ids.push_back(parent);
  std::string references;
  for (std::size_t place = ids.size() - std::min(ids.size(), kMostReferences); place < ids.size();
       ++place) {
    references.append(" ").append(ids[place]);
  }
  append_field(text, "References", references);
}

std::string auto_reply(const Answer& answer, const AnswerOrigin& origin) {
  const std::vector<HeaderField> fields = fields_of(answer);
  const bool known =
      smtp::valid_mailbox(answer.recipient) && answer.recipient.size() <= kMostAddress;
  std::string text;
  append_head(text, answer, origin,
              known ? fmt::format("<{}>", answer.recipient)
                    : fmt::format("<postmaster@{}>", origin.host_name),
              subject_behind("Auto", fields));
  append_descent(text, fields);
  append_part(text, text_part(lines_of(answer.what.text.empty() ? kUsualReply : answer.what.text)));
  if (!text.ends_with("\r\n")) text.append("\r\n");
  return text;
}

}  // namespace

std::string answer_message(const Answer& answer, const AnswerOrigin& origin) {
  switch (answer.what.kind) {
    case Kind::bounce:
      return bounce(answer, origin);
    case Kind::complaint:
      return complaint(answer, origin);
    case Kind::auto_reply:
      return auto_reply(answer, origin);
  }
  return {};
}

}  // namespace millrace::sink
