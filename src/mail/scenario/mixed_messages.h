#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mail/content.h"
#include "mail/scenario/mixed_workload.h"
#include "smtp/message_source.h"

namespace millrace::mail {

// The messages of a mix, as one session is given them.
class MixedMessages final : public smtp::MessageSource {
 public:
  explicit MixedMessages(const MixedWorkload& workload) : workload_(workload) {}

  [[nodiscard]] std::string_view kind(std::uint64_t message) const override {
    return workload_.kind_name(message);
  }
  [[nodiscard]] std::size_t recipients(std::uint64_t message) const override {
    return workload_.recipients(message);
  }
  [[nodiscard]] std::size_t most_recipients() const override { return workload_.most_recipients(); }
  void append_xforward(std::uint64_t message, Output& out) const override;
  void append_mail(std::uint64_t message, smtp::ExtensionSet used, Output& out) const override;
  void append_rcpt(std::uint64_t message, std::size_t recipient, smtp::ExtensionSet used,
                   Output& out) const override;
  void append_content(std::uint64_t message, Output& out) const override;
  [[nodiscard]] std::uint64_t content_size(std::uint64_t message) const override;
  void append_chunk(std::uint64_t message, std::uint64_t offset, std::uint64_t length,
                    Output& out) const override;

 private:
  void append_recipient(std::uint64_t message, std::size_t recipient, std::string& text) const;
  [[nodiscard]] const Content& content(std::uint64_t message) const;

  const MixedWorkload& workload_;
  // That of the message that was asked for last: SIZE and BDAT need it beforehand.
  mutable Content content_;
  mutable std::optional<std::uint64_t> content_of_;
  // Those of the message that one beyond the first was asked for of last.
  mutable DistinctRecipients recipients_;
  mutable std::optional<std::uint64_t> recipients_of_;
  // Storage for its texts.
  mutable std::string sender_;
  mutable std::string recipient_;
  mutable std::string message_id_;
};

}  // namespace millrace::mail
