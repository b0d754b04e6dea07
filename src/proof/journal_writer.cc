#include "proof/journal_writer.h"

namespace millrace::proof {

JournalWriter::JournalWriter(JournalFile& file) : file_(file) {
  block_.reserve(kMostBlock);
  texts_.reserve(kMostBlock);
  discard();
}

void JournalWriter::discard() {
  block_.assign(sizeof(BlockHeader), '\0');
  texts_.clear();
  records_ = 0;
}

template <typename Record>
int JournalWriter::add_record(const Record& record, std::string_view text) {
  text = text.substr(0, kMostText);
  using Packed = decltype(pack(record, TextOf::none));
  if (block_.size() + texts_.size() + sizeof(Packed) + 1 + text.size() > kMostBlock) {
    if (const int error = flush(); error != 0) return error;
  }
  // Recipients of one message mostly have the same queue id.
  const bool repeated = !texts_.empty() && text == last_text();
  const TextOf where = text.empty() ? TextOf::none : repeated ? TextOf::before : TextOf::own;
  const Packed packed = pack(record, where);
  block_.append(reinterpret_cast<const char*>(&packed), sizeof packed);
  if (where == TextOf::own) {
    last_text_ = texts_.size();
    texts_ += static_cast<char>(text.size());
    texts_ += text;
  }
  ++records_;
  return 0;
}

template int JournalWriter::add_record(const SentRecord&, std::string_view);
template int JournalWriter::add_record(const TakenRecord&, std::string_view);

std::string_view JournalWriter::last_text() const {
  return std::string_view(texts_).substr(last_text_ + 1);
}

int JournalWriter::flush() {
  if (records_ == 0) return 0;
  const std::size_t own = block_.size();
  block_ += texts_;
  seal(block_, BlockKind::records, records_, file_.header().checksum);
  const int error = file_.append(block_, records_);
  if (error == 0) {
    discard();
  } else {
    block_.resize(own);
  }
  return error;
}

int JournalWriter::run_index(const RunId& run, std::uint8_t& index) {
  if (last_index_ == 0 || run != last_run_) {
    if (const int error = file_.run_index(run, last_index_); error != 0) {
      last_index_ = 0;
      return error;
    }
    last_run_ = run;
  }
  index = last_index_;
  return 0;
}

}  // namespace millrace::proof
