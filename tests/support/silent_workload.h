// A workload of which the envelopes say something, and nothing else does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mail/workload.h"
#include "smtp/message_source.h"

namespace millrace::tests {

// Message n is from "s<n%3>@a.test", the first of each three from nobody; it has three recipients,
// and where there are kinds it is "even" or "odd". Its content is seven bytes that are never made.
class SilentWorkload final : public mail::Workload, public smtp::MessageSource {
 public:
  // `address`: of a recipient of a message.
  using Address = std::string (*)(std::uint64_t message, std::size_t recipient);
  SilentWorkload(Variety its_variety, Address address) : variety_(its_variety), address_(address) {}

  [[nodiscard]] std::unique_ptr<smtp::MessageSource> messages() const override {
    return std::make_unique<SilentWorkload>(*this);
  }
  void append_sender(std::uint64_t message, std::string& text) const override {
    if (message % 3 > 0) text += "s" + std::to_string(message % 3) + "@a.test";
  }
  void append_recipient(std::uint64_t message, std::size_t recipient,
                        std::string& text) const override {
    text += address_(message, recipient);
  }
  [[nodiscard]] Variety variety() const override { return variety_; }
  [[nodiscard]] std::string_view kind_name(std::uint64_t message) const override {
    return kind(message);
  }

  [[nodiscard]] std::string_view kind(std::uint64_t message) const override {
    if (!variety_.kinds) return {};
    return message % 2 == 0 ? "even" : "odd";
  }
  [[nodiscard]] std::size_t recipients(std::uint64_t /*message*/) const override { return 3; }
  [[nodiscard]] std::size_t most_recipients() const override { return 3; }
  void append_xforward(std::uint64_t /*message*/, Output& /*out*/) const override {}
  void append_mail(std::uint64_t /*message*/, smtp::ExtensionSet /*used*/,
                   Output& /*out*/) const override {}
  void append_rcpt(std::uint64_t message, std::size_t recipient, smtp::ExtensionSet /*used*/,
                   Output& out) const override {
    out.append("RCPT TO:<" + address_(message, recipient) + "> NOTIFY=NEVER\r\n");
  }
  void append_content(std::uint64_t /*message*/, Output& /*out*/) const override {}
  [[nodiscard]] std::uint64_t content_size(std::uint64_t /*message*/) const override { return 7; }
  void append_chunk(std::uint64_t /*message*/, std::uint64_t /*offset*/, std::uint64_t /*length*/,
                    Output& /*out*/) const override {}

 private:
  const Variety variety_;
  const Address address_;
};

}  // namespace millrace::tests
