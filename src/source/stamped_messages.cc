#include "source/stamped_messages.h"

#include <algorithm>

#include "smtp/end_of_data.h"
#include "source/session_record.h"

namespace millrace::source {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

// Takes what is next of a content, `size` bytes, and has `append` put out the part of it that is
// wanted, by its begin and length.
template <typename Append>
void take_part(std::uint64_t size, std::uint64_t& offset, std::uint64_t& length, Append append) {
  const std::uint64_t begin = std::min(offset, size);
  const std::uint64_t part = std::min(length, size - begin);
  if (part > 0) append(begin, part);
  offset -= begin;
  length -= part;
}

void take_text(std::string_view text, std::uint64_t& offset, std::uint64_t& length, Output& out) {
  take_part(text.size(), offset, length,
            [&](std::uint64_t begin, std::uint64_t part) { out.append(text.substr(begin, part)); });
}

}  // namespace

const StampedContent& StampedMessages::content(std::uint64_t message) const {
  if (content_of_ != message) {
    content_ = stamper_.look_at(*plain_, message);
    content_of_ = message;
  }
  return content_;
}

void StampedMessages::stamp(std::uint64_t message) const {
  const std::string_view text =
      stamper_.stamp(message, record_.intended(message), loop_.now(), content(message));
  std::copy(text.begin(), text.end(), text_.begin());
}

void StampedMessages::append_content(std::uint64_t message, Output& out) const {
  stamp(message);
  out.append(text());
  plain_->append_content(message, out);
  if (!content_.in_body) return;
  out.remove_suffix(smtp::kEndMark.size());
  out.append(text());
  out.append(smtp::kEndMark);
}

// What is put to the last line of the content, so that the stamp begins another one.
std::string_view StampedMessages::end() const {
  return content_.open_line ? kLineEnd : std::string_view();
}

std::uint64_t StampedMessages::content_size(std::uint64_t message) const {
  const std::uint64_t plain = plain_->content_size(message) + proof::kStampSize;
  return content(message).in_body ? plain + end().size() + proof::kStampSize : plain;
}

void StampedMessages::append_chunk(std::uint64_t message, std::uint64_t offset,
                                   std::uint64_t length, Output& out) const {
  if (offset == 0) stamp(message);
  take_text(text(), offset, length, out);
  take_part(plain_->content_size(message), offset, length,
            [&](std::uint64_t begin, std::uint64_t part) {
              plain_->append_chunk(message, begin, part, out);
            });
  if (!content_.in_body) return;
  take_text(end(), offset, length, out);
  take_text(text(), offset, length, out);
}

}  // namespace millrace::source
