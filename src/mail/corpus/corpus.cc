#include "mail/corpus/corpus.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "mail/corpus/corpus_files.h"
#include "mail/corpus/mailbox_reader.h"

namespace millrace::mail {
namespace {

// Where messages have so much on an average, most are in a page or two: of a corpus of 400 MiB that
// was not in memory a thousand of 2 KiB had 5 MB read, not 418, and took 0.22 s, not 0.54 (the disk
// reads 8 MiB ahead). Those of 16 KiB took 1.0 s, page by page, and 0.7 as the kernel would do it.
constexpr std::uint64_t kPage = 4'096;

// A LF may become CR LF, and the header and the last line get an end.
static_assert(2 * kLargestMessage + 4 <= std::numeric_limits<std::uint32_t>::max());

std::size_t read_some(const FileDescriptor& file, const std::string& path, char* into,
                      std::size_t room) {
  for (;;) {
    const ssize_t got = read(file.descriptor(), into, room);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw Fatal(describe_error("read " + path, errno));
  }
}

void refuse_nul(std::string_view message, const MailboxReader& reader) {
  const std::size_t nul = message.find('\0');
  if (nul == std::string_view::npos) return;
  const std::string_view before = message.substr(0, nul);
  throw Fatal(fmt::format("{} has a NUL in its line {}, which mail cannot have", reader.place(),
                          1 + std::count(before.begin(), before.end(), '\n')));
}

// A file that is called an mbox and is none is a mistake: it would be one large message.
void refuse_misnamed(const MailboxReader& reader, const std::string& path) {
  if (!path.ends_with(".mbox") || reader.is_mbox()) return;
  throw Fatal(path + " is no mbox: it does not begin with \"From \"");
}

// Messages with lines that are too long.
struct LongLines {
  std::uint64_t messages = 0;
  std::string first;  // where the first is
};

void warn_of(const LongLines& found, const std::string& path) {
  if (found.messages == 0) return;
  warn(fmt::format("{}: lines of more than {} bytes in {} message{}, first in {}", path,
                   kLongestLine, found.messages, plural(found.messages), found.first));
}

}  // namespace

Corpus::Corpus(const std::string& path, CorpusForm form) : form_(form) {
  PackedFile packed;
  LongLines long_lines;
  for_each_file(path, [&](const FileDescriptor& file, const std::string& name) {
    MailboxReader reader(
        name, [&](char* into, std::size_t room) { return read_some(file, name, into, room); });
    while (const auto stored = reader.next()) {
      refuse_misnamed(reader, name);
      refuse_nul(*stored, reader);
      const std::uint64_t offset = packed.size();
      const PackedTraits traits = pack(*stored, form, reader.is_mbox(), packed.text());
      index_.push_back({.offset = offset,
                        .size = static_cast<std::uint32_t>(packed.size() - offset),
                        .traits = traits.content});
      packed.write_blocks();
      if (traits.long_lines && ++long_lines.messages == 1) long_lines.first = reader.place();
    }
  });
  if (index_.empty()) throw Fatal("no message is in " + path);
  index_.shrink_to_fit();
  packed_ = packed.map();
  if (packed.size() / size() <= kPage) packed_.expect_small_pieces();
  warn_of(long_lines, path);
}

Corpus::Message Corpus::message(std::size_t number) const {
  const Place& place = index_[number];
  return {.text = packed_.text().substr(place.offset, place.size), .traits = place.traits};
}

}  // namespace millrace::mail
