#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "proof/journal_format.h"
#include "proof/journal_record.h"

namespace millrace::proof {

// Reads a journal from its beginning to its end. Nothing in it is trusted: what is no journal, of
// the other side, or damaged, is Fatal with the file and the place. Only at the end may something
// be missing: a last block that is not whole is left out, and broke_off() is true.
class JournalReader {
 public:
  // `side`: which it must be of; none: of either.
  JournalReader(std::string path, std::optional<Side> side);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const JournalHeader& header() const { return header_; }

  // The next record; false when there is none. Of a reader of the right side.
  bool next(SentRecord& record) { return next_record<PackedSent>(record); }
  bool next(TakenRecord& record) { return next_record<PackedTaken>(record); }

  // Where in the file the text of that record is, to be read by text_at(); 0 where it has none.
  [[nodiscard]] std::uint64_t text() const { return text_; }

  // What is known by now of an index; empty where nothing was said.
  [[nodiscard]] std::string_view name(NameOf what, std::size_t index) const;

  // One more than the highest index of which anything was said.
  [[nodiscard]] std::size_t names(NameOf what) const {
    return names_[static_cast<std::size_t>(what) - 1].size();
  }

  // Once next() was false: whether it was not closed in order, and how many bytes of a last block
  // were left out.
  [[nodiscard]] bool broke_off() const { return !closed_; }
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  template <typename Packed, typename Record>
  bool next_record(Record& record);
  void take_header(std::optional<Side> side);
  bool next_block(std::size_t record_size);
  void take_name(std::string_view payload);
  void take_text(TextOf where);
  bool have(std::size_t bytes);
  bool rest_is_nought(std::size_t from);
  bool leave_out_rest();
  [[noreturn]] void fail(std::string_view what, std::uint64_t place) const;

  const std::string path_;
  FileDescriptor file_;
  JournalHeader header_;
  std::string buffer_;
  std::size_t at_ = 0;          // in the buffer: the first byte not taken
  std::uint64_t consumed_ = 0;  // bytes of the file ahead of the buffer
  bool closed_ = false;
  bool ended_ = false;
  std::uint64_t left_out_ = 0;
  std::uint64_t records_ = 0;

  // Of the block at hand, within the buffer.
  std::size_t records_left_ = 0;
  std::size_t record_at_ = 0;
  std::size_t texts_at_ = 0;
  std::size_t block_end_ = 0;
  std::uint64_t last_text_ = 0;
  std::uint64_t text_ = 0;

  std::array<std::vector<std::string>, kNamesOf> names_;
};

// Which side wrote the journal, by its header. Fatal where it is none.
Side side_of(const std::string& path);

// The text at a place that a reader of this file gave; empty where there is none any more.
std::string text_at(const FileDescriptor& file, std::uint64_t place);

}  // namespace millrace::proof
