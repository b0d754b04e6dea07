#pragma once

#include <cstdint>
#include <string_view>

#include "proof/bounce_reader.h"
#include "proof/content_reader.h"
#include "proof/journal_record.h"
#include "smtp/dot_removal.h"
#include "smtp/server_observer.h"

namespace millrace::sink {

// What a content turned out to be.
struct Found {
  enum class Kind : std::uint8_t {
    message,
    bounce,  // a report that a stamped message was given up
    report,  // one that tells anything else of a stamped message
  };
  Kind kind = Kind::message;
  proof::TakenVerdict verdict = proof::TakenVerdict::unstamped;
  // Of the message that it is, or that it is about; where there is a stamp that is believed.
  proof::RunId run;
  std::uint64_t number = 0;
  std::uint64_t due = 0;  // microseconds since 1970, as the next
  std::uint64_t sent = 0;
};

// One content on its way, which is read and not kept. Some kilobytes in size, so that a session
// has one only while its message comes in.
class MessageCheck {
 public:
  explicit MessageCheck(const proof::StampTrust& trust) : content_(trust), bounce_(trust) {}

  // Another content begins. `null_sender`: it may be a report.
  void begin(bool null_sender);
  // As it comes over the wire.
  void take(std::string_view bytes, smtp::Form form);
  // All has come.
  Found finish();

  // Once finished: whom a bounce is about.
  [[nodiscard]] const proof::BounceReader& bounce() const { return bounce_; }

 private:
  void take_text(std::string_view text);

  smtp::DotRemoval dots_;
  proof::ContentReader content_;
  proof::BounceReader bounce_;
  bool null_sender_ = false;
};

}  // namespace millrace::sink
