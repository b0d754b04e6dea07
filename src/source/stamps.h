#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "mail/shared_text_memo.h"
#include "proof/journal_file.h"
#include "proof/journal_format.h"
#include "proof/journal_record.h"
#include "proof/mime_entity.h"
#include "proof/stamp.h"
#include "proof/stamp_key.h"

namespace millrace::source {

// What is asked for of stamps, and of the journal that goes with them.
struct StampOptions {
  std::string journal;                   // its path
  std::optional<proof::StampKey> key;    // nothing: one that nobody else has
  bool in_body = false;                  // the stamp once more, as the last lines of the body
  proof::Sync sync = proof::Sync::none;  // of the journal
};

// What stamps of a content are made of, and how they go with it.
struct StampedContent {
  proof::ContentDigest digest;
  bool in_body = false;    // the body has lines, and a stamp is to be their last
  bool open_line = false;  // the last of them lacks its CR LF
};

// What the stamps of all messages of a run have in common. Shared by all threads.
class Stamps {
 public:
  // Draws the run's number, and a key where none is given. Throws Fatal.
  explicit Stamps(const StampOptions& options);

  [[nodiscard]] const StampOptions& options() const { return options_; }
  [[nodiscard]] const proof::StampKey& key() const { return key_; }
  // Of the journal: the run, and the moment from which all times in it count.
  [[nodiscard]] const proof::JournalHeader& header() const { return header_; }

  // A moment of the run as the journal has it, and in microseconds since 1970, as stamps do.
  [[nodiscard]] proof::Micros in_journal(TimePoint at) const;
  [[nodiscard]] std::uint64_t in_stamp(TimePoint at) const {
    return static_cast<std::uint64_t>(header_.start + in_journal(at).count());
  }

  // What is known of text that many messages share: of whole contents, and of bodies with the
  // header that they were seen under, which says how they are read.
  struct KnownBody {
    proof::MimeEntity entity;
    proof::BodyDigest digest;
    std::uint64_t size = 0;
  };
  mail::SharedTextMemo<StampedContent>& contents() { return contents_; }
  mail::SharedTextMemo<KnownBody>& bodies() { return bodies_; }

 private:
  // For so many texts it is kept: some 16 MB.
  static constexpr std::size_t kMostKept = 65'536;

  const StampOptions options_;
  const proof::StampKey key_;
  const proof::JournalHeader header_;
  mail::SharedTextMemo<StampedContent> contents_{kMostKept};
  mail::SharedTextMemo<KnownBody> bodies_{kMostKept};
};

}  // namespace millrace::source
