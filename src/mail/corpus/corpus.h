#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mail/content.h"
#include "mail/corpus/corpus_packer.h"
#include "mail/corpus/packed_file.h"

namespace millrace::mail {

// Messages from files: a directory of them, a Maildir, an mbox or a single message, found out by
// looking (mail/corpus/corpus_files.h, mail/corpus/mailbox_reader.h). They are read once and
// packed, in the form that goes out, into one file without a name, which is mapped. So a message is
// borrowed as it is sent; of a corpus only the index is in memory, kIndexEntry bytes a message,
// while its bytes stay in the page cache; and nothing that happens to the user's files later can
// matter.
class Corpus {
 public:
  static constexpr std::size_t kIndexEntry = 16;  // bytes

  struct Message {
    std::string_view text;  // lasts as long as the corpus
    Content::Traits traits;
  };

  // Throws Fatal, with a sentence that names the file and what is wrong with it: one that cannot be
  // read, has no message or an empty one, is cut, or has a NUL (which no content of mail may have:
  // RFC 2045, 2.7 and 2.8); and where the packed messages find no room. Warns of lines that are
  // longer than kLongestLine: they are sent.
  Corpus(const std::string& path, CorpusForm form);

  [[nodiscard]] CorpusForm form() const { return form_; }

  // How many messages there are: one at least.
  [[nodiscard]] std::size_t size() const { return index_.size(); }

  // Message `number` of them, from 0: in the order of the files, and in theirs.
  [[nodiscard]] Message message(std::size_t number) const;

  // All that it holds in memory, in bytes.
  [[nodiscard]] std::size_t storage() const { return index_.capacity() * kIndexEntry; }

 private:
  struct Place {
    std::uint64_t offset;
    std::uint32_t size;  // of a stored message of kLargestMessage bytes at most, and as many CRs
    Content::Traits traits;
  };
  static_assert(sizeof(Place) == kIndexEntry);

  CorpusForm form_;
  MappedText packed_;
  std::vector<Place> index_;
};

}  // namespace millrace::mail
