#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "net/event_loop.h"
#include "proof/stamp.h"
#include "smtp/message_source.h"
#include "source/content_stamper.h"

namespace millrace::source {

class SessionRecord;

// The messages of a run as one session sends them, each with a stamp: above all of its header, so
// that a signature below holds, and where that is asked for at the end of its body too. Each time
// that a content goes out it has a stamp of its own, with the time of that.
//
// SIZE is what the messages say of it: EnvelopeOptions::added.
class StampedMessages final : public smtp::MessageSource {
 public:
  // `record` knows when messages were due that the session has turned to, and no others can be
  // asked for. All must outlive this.
  StampedMessages(std::unique_ptr<const smtp::MessageSource> plain, const SessionRecord& record,
                  const net::EventLoop& loop, ContentStamper& stamper)
      : plain_(std::move(plain)), record_(record), loop_(loop), stamper_(stamper) {}

  [[nodiscard]] std::string_view kind(std::uint64_t message) const override {
    return plain_->kind(message);
  }
  [[nodiscard]] std::size_t recipients(std::uint64_t message) const override {
    return plain_->recipients(message);
  }
  [[nodiscard]] std::size_t most_recipients() const override { return plain_->most_recipients(); }
  void append_xforward(std::uint64_t message, Output& out) const override {
    plain_->append_xforward(message, out);
  }
  void append_mail(std::uint64_t message, smtp::ExtensionSet used, Output& out) const override {
    plain_->append_mail(message, used, out);
  }
  void append_rcpt(std::uint64_t message, std::size_t recipient, smtp::ExtensionSet used,
                   Output& out) const override {
    plain_->append_rcpt(message, recipient, used, out);
  }
  void append_content(std::uint64_t message, Output& out) const override;
  [[nodiscard]] std::uint64_t content_size(std::uint64_t message) const override;
  void append_chunk(std::uint64_t message, std::uint64_t offset, std::uint64_t length,
                    Output& out) const override;

 private:
  [[nodiscard]] const StampedContent& content(std::uint64_t message) const;
  void stamp(std::uint64_t message) const;
  [[nodiscard]] std::string_view text() const { return {text_.data(), text_.size()}; }
  [[nodiscard]] std::string_view end() const;

  const std::unique_ptr<const smtp::MessageSource> plain_;
  const SessionRecord& record_;
  const net::EventLoop& loop_;
  ContentStamper& stamper_;
  // Of the message that was asked for last: BDAT needs its size beforehand.
  mutable StampedContent content_;
  mutable std::optional<std::uint64_t> content_of_;
  mutable proof::StampText text_{};  // the stamp of the content that goes out in chunks
};

}  // namespace millrace::source
