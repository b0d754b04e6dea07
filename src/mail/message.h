#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/output.h"
#include "smtp/envelope.h"

namespace millrace::mail {

// How recipients are told apart.
enum class RecipientNumber : std::uint8_t {
  none,
  count_down,  // 3foo, 2foo, foo in each message: what -r alone means
  prefix,      // 1foo, 2foo, ... counted over the whole program: -N
  suffix,      // foo0, foo1, ... counted over the whole program: Postfix since 3.9
};

// What all messages of a run have in common.
struct MessageOptions {
  std::string reverse_path;  // without angle brackets; empty: the null reverse-path
  std::string forward_path;  // the same; numbers are put to its local part
  std::size_t recipients = 1;
  RecipientNumber recipient_number = RecipientNumber::none;

  bool headers = true;
  std::string host_name;  // right-hand side of the Message-Id
  std::string date;       // RFC 5322 text for the Date header
  std::string subject;    // empty: no Subject header
  std::uint64_t run = 0;  // makes Message-Ids of different runs differ

  std::string body;  // in wire form, see mail/body.h
};

// The unchanging parts of a run's messages, composed once and shared by all its sessions.
class MessageTemplate {
 public:
  explicit MessageTemplate(const MessageOptions& options);

  [[nodiscard]] std::size_t recipients() const { return recipients_; }

  void append_mail(Output& out) const { out.append(mail_command_); }
  void append_rcpt(std::uint64_t message, std::size_t recipient, Output& out) const;
  // `message`: number of the message in the run, from 0; `session`: who sends it.
  void append_content(std::uint64_t message, std::uint64_t session, Output& out) const;

 private:
  void append_forward_path(std::uint64_t message, std::size_t recipient, std::string& text) const;

  std::string mail_command_;
  std::string local_part_;
  std::string domain_;  // with its '@'; empty when the forward-path has none
  std::size_t recipients_;
  RecipientNumber recipient_number_;
  bool headers_;
  std::string before_to_;     // From header and the start of To
  std::string after_to_;      // rest of To up to the Message-Id's run number
  std::string after_number_;  // rest of the headers
  std::string body_;          // with its end mark
};

// One message of a run as a session sends it.
class Message final : public smtp::Envelope {
 public:
  Message(const MessageTemplate& shared, std::uint64_t session)
      : shared_(shared), session_(session) {}

  // Makes this the run's message `number`, counted from 0.
  void number(std::uint64_t number) { number_ = number; }

  void append_mail(Output& out) const override { shared_.append_mail(out); }
  [[nodiscard]] std::size_t recipients() const override { return shared_.recipients(); }
  void append_rcpt(std::size_t recipient, Output& out) const override {
    shared_.append_rcpt(number_, recipient, out);
  }
  void append_content(Output& out) const override {
    shared_.append_content(number_, session_, out);
  }

 private:
  const MessageTemplate& shared_;
  std::uint64_t session_;
  std::uint64_t number_ = 0;
};

}  // namespace millrace::mail
