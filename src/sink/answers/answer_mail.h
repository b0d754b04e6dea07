#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "smtp/message_source.h"

namespace millrace::sink {

// The one answer that is on its way, as a client session asks for it: from the null sender (RFC
// 3834, 3.3; RFC 3464, 2), to whoever sent the original.
class AnswerMail final : public smtp::MessageSource {
 public:
  // `content` is as answer_message() made it.
  void put(std::string forward_path, std::string content) {
    forward_path_ = std::move(forward_path);
    content_ = std::move(content);
  }

  [[nodiscard]] std::size_t recipients(std::uint64_t /*message*/) const override { return 1; }
  [[nodiscard]] std::size_t most_recipients() const override { return 1; }
  void append_xforward(std::uint64_t /*message*/, Output& /*out*/) const override {}
  void append_mail(std::uint64_t message, smtp::ExtensionSet used, Output& out) const override;
  void append_rcpt(std::uint64_t message, std::size_t recipient, smtp::ExtensionSet used,
                   Output& out) const override;
  void append_content(std::uint64_t message, Output& out) const override;
  [[nodiscard]] std::uint64_t content_size(std::uint64_t /*message*/) const override {
    return content_.size();
  }
  void append_chunk(std::uint64_t message, std::uint64_t offset, std::uint64_t length,
                    Output& out) const override;

 private:
  std::string forward_path_;
  std::string content_;
};

}  // namespace millrace::sink
