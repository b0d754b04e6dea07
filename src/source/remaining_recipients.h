#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "smtp/message_source.h"

namespace millrace::source {

class SessionRecord;

// The messages of a run, each for the recipients only that are left of it: a session in a run where
// messages come back sends these. All else of a message is what it was in the attempts before, its
// Message-Id too. Recipients are numbered anew, from 0.
class RemainingRecipients final : public smtp::MessageSource {
 public:
  // `record` knows who is left of the messages that the session has turned to, and can be asked of
  // no others. Both must outlive this.
  RemainingRecipients(const smtp::MessageSource& all, const SessionRecord& record)
      : all_(all), record_(record) {}

  [[nodiscard]] std::string_view kind(std::uint64_t message) const override {
    return all_.kind(message);
  }
  [[nodiscard]] std::size_t recipients(std::uint64_t message) const override;
  [[nodiscard]] std::size_t most_recipients() const override { return all_.most_recipients(); }
  void append_xforward(std::uint64_t message, Output& out) const override {
    all_.append_xforward(message, out);
  }
  void append_mail(std::uint64_t message, smtp::ExtensionSet used, Output& out) const override {
    all_.append_mail(message, used, out);
  }
  void append_rcpt(std::uint64_t message, std::size_t recipient, smtp::ExtensionSet used,
                   Output& out) const override;
  void append_content(std::uint64_t message, Output& out) const override {
    all_.append_content(message, out);
  }
  [[nodiscard]] std::uint64_t content_size(std::uint64_t message) const override {
    return all_.content_size(message);
  }
  void append_chunk(std::uint64_t message, std::uint64_t offset, std::uint64_t length,
                    Output& out) const override {
    all_.append_chunk(message, offset, length, out);
  }

 private:
  const smtp::MessageSource& all_;
  const SessionRecord& record_;
};

}  // namespace millrace::source
