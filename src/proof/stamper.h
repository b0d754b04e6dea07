#pragma once

#include <cstdint>
#include <string_view>

#include "proof/stamp_key.h"

namespace millrace::proof {

// Makes the stamps of a run. For one thread, which has its own; never allocates.
class Stamper {
 public:
  Stamper(const RunId& run, const StampKey& key) : run_(run), tagger_(key) {}

  // The stamp of message `number` with this content: the first field of its header, and the last
  // lines of its body where that is asked for. `due` and `sent`: as Stamp has them. Valid until the
  // next call.
  std::string_view stamp(std::uint64_t number, std::uint64_t due, std::uint64_t sent,
                         const ContentDigest& content) {
    Stamp stamp{.run = run_, .number = number, .due = due, .sent = sent, .content = content};
    stamp.tag = tagger_.tag(stamp);
    write_stamp(stamp, text_);
    return {text_.data(), text_.size()};
  }

 private:
  RunId run_;
  StampTagger tagger_;
  StampText text_{};
};

}  // namespace millrace::proof
