#pragma once

#include <cstdint>
#include <string_view>

#include "base/output.h"
#include "base/time.h"
#include "proof/content_reader.h"
#include "proof/stamper.h"
#include "smtp/message_source.h"
#include "source/stamps.h"

namespace millrace::source {

// Makes the stamps of one worker's messages. What follows from text that messages share is worked
// out once for all workers; all else is hashed where it lies. Allocates nothing once warm.
class ContentStamper {
 public:
  // The stamps must outlive it.
  explicit ContentStamper(Stamps& stamps);

  // Of the message's content as it is without any.
  StampedContent look_at(const smtp::MessageSource& messages, std::uint64_t message);

  // Valid until the next call. `due`, `now`: of this attempt.
  std::string_view stamp(std::uint64_t message, TimePoint due, TimePoint now,
                         const StampedContent& content);

 private:
  void read(StampedContent& content);
  std::uint64_t read_body(StampedContent& content);
  [[nodiscard]] std::string_view next_piece();
  [[nodiscard]] bool takes_stamp() const;

  Stamps& stamps_;
  proof::Stamper stamper_;
  proof::ContentHasher hasher_;
  Output content_;  // of the message at hand, what is left of it to read
};

}  // namespace millrace::source
