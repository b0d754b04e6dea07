#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/output.h"
#include "base/time.h"
#include "smtp/message_source.h"
#include "source/delivery.h"

namespace millrace::source {

// All that the log says of a delivery, packed into bytes: on its way from the worker, which has no
// time to write it out, to the thread that has. It does not leave the process.
//
// Appends it to `record`. Texts of the message's kind and of the TLS version are not copied.
void pack(const Delivery& delivery, const smtp::MessageSource& messages, TimePoint ended,
          Output& record);

// A packed delivery, read from its beginning to its end.
class LogRecord {
 public:
  // `record` must outlive it.
  explicit LogRecord(std::string_view record);

  struct Header {
    std::uint64_t message;
    std::uint64_t session;
    std::uint64_t bytes;
    TimePoint intended;
    TimePoint begun;
    TimePoint ended;
    std::string_view kind;
    std::string_view tls_version;
    std::size_t recipients;
    std::size_t others;  // replies by which its other transactions took it
    unsigned attempt;
    DeliveryOutcome outcome;
  };
  struct Reply {
    int code = 0;
    std::string_view text;
  };
  struct Recipient {
    Fate fate;
    Reply reply;
    std::string_view address;
  };

  [[nodiscard]] const Header& header() const { return header_; }
  [[nodiscard]] std::string_view sender() const { return sender_; }
  // That which decided.
  [[nodiscard]] const Reply& reply() const { return reply_; }

  // The next of header().others, all of which come ahead of the recipients; the next of
  // header().recipients.
  Reply next_other() { return take_reply(); }
  Recipient next_recipient();

 private:
  template <typename Value>
  Value take();
  std::string_view take_text();
  Reply take_reply();

  std::string_view rest_;
  Header header_;
  std::string_view sender_;
  Reply reply_;
  Reply last_;  // of a recipient
};

}  // namespace millrace::source
