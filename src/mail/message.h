#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/output.h"
#include "mail/envelope.h"
#include "mail/numbered_recipients.h"
#include "mail/workload.h"
#include "smtp/extension.h"
#include "smtp/message_source.h"

namespace millrace::mail {

// What all messages of a run have in common.
struct MessageOptions {
  std::string reverse_path;  // without angle brackets; empty: the null reverse-path
  std::string forward_path;  // the same; numbers are put to its local part
  std::size_t recipients = 1;
  RecipientNumber recipient_number = RecipientNumber::none;
  EnvelopeOptions envelope;

  bool headers = true;
  std::string host_name;  // right-hand side of the Message-Id
  std::string date;       // RFC 5322 text for the Date header
  std::string subject;    // empty: no Subject header
  std::uint64_t run = 0;  // makes Message-Ids of different runs differ

  std::string body;  // see mail/body.h
};

// The messages of a run, all made from one text: what does not change from one to the next is
// composed once and shared by all sessions.
class MessageTemplate final : public Workload {
 public:
  explicit MessageTemplate(MessageOptions options);
  MessageTemplate(const MessageTemplate&) = delete;
  MessageTemplate& operator=(const MessageTemplate&) = delete;

  [[nodiscard]] std::unique_ptr<smtp::MessageSource> messages() const override;
  void append_sender(std::uint64_t /*message*/, std::string& text) const override {
    text.append(options_.reverse_path);
  }
  void append_recipient(std::uint64_t message, std::size_t recipient,
                        std::string& text) const override;

  // `message`: number of the message in the run, from 0.
  [[nodiscard]] std::size_t recipients(std::uint64_t /*message*/) const {
    return options_.recipients;
  }
  [[nodiscard]] std::size_t most_recipients() const { return options_.recipients; }
  void append_xforward(std::uint64_t message, Output& out) const;
  // `size`: of its content, for the parameter SIZE.
  void append_mail(std::uint64_t message, std::uint64_t size, smtp::ExtensionSet used,
                   Output& out) const;
  void append_rcpt(std::uint64_t message, std::size_t recipient, smtp::ExtensionSet used,
                   Output& out) const;
  void append_headers(std::uint64_t message, std::string& text) const;
  // The body as it is, and as DATA needs it, with its end mark. Both last as long as the template.
  [[nodiscard]] std::string_view body(std::uint64_t /*message*/) const { return body_; }
  [[nodiscard]] std::string_view wire_body(std::uint64_t /*message*/) const { return wire_body_; }

 private:
  MessageOptions options_;
  NumberedRecipients recipients_;
  // Headers up to the Message-Id's run number; where recipients are told apart by a suffix, up to
  // the recipient, and what follows that.
  std::string head_;
  std::string after_to_;
  std::string after_number_;  // rest of the headers
  std::string wire_body_;     // dots doubled, with its end mark
  std::string_view body_;     // of options_, or of wire_body_ where that is the same
  Content::Octets octets_;    // of all messages
};

// The messages of a template, as one session is given them.
class SessionMessages final : public smtp::MessageSource {
 public:
  explicit SessionMessages(const MessageTemplate& shared) : shared_(shared) {}

  [[nodiscard]] std::size_t recipients(std::uint64_t message) const override {
    return shared_.recipients(message);
  }
  [[nodiscard]] std::size_t most_recipients() const override { return shared_.most_recipients(); }
  void append_xforward(std::uint64_t message, Output& out) const override {
    shared_.append_xforward(message, out);
  }
  void append_mail(std::uint64_t message, smtp::ExtensionSet used, Output& out) const override;
  void append_rcpt(std::uint64_t message, std::size_t recipient, smtp::ExtensionSet used,
                   Output& out) const override {
    shared_.append_rcpt(message, recipient, used, out);
  }
  void append_content(std::uint64_t message, Output& out) const override;
  [[nodiscard]] std::uint64_t content_size(std::uint64_t message) const override;
  void append_chunk(std::uint64_t message, std::uint64_t offset, std::uint64_t length,
                    Output& out) const override;

 private:
  [[nodiscard]] std::string_view headers(std::uint64_t message) const;

  const MessageTemplate& shared_;
  // The headers of the message that was asked for last: SIZE and BDAT need them beforehand.
  mutable std::string headers_;
  mutable std::optional<std::uint64_t> headers_of_;
};

}  // namespace millrace::mail
