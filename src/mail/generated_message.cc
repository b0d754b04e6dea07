#include "mail/generated_message.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/line_end.h"
#include "mail/content.h"
#include "mail/standard_headers.h"
#include "mail/text_block.h"
#include "mail/words.h"

namespace millrace::mail {
namespace {

// "=_" is in no line of base64, of words or of their HTML (RFC 2045, 6.7): none is a boundary.
constexpr std::string_view kBoundaryBegin = "=_";
constexpr std::size_t kBoundarySize = kBoundaryBegin.size() + 16;
using Boundary = std::array<char, kBoundarySize>;

std::string_view draw_boundary(Roll& roll, Boundary& boundary) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  char* digit = std::ranges::copy(kBoundaryBegin, boundary.begin()).out;
  for (std::uint64_t number = roll(); digit != boundary.end(); number >>= 4) {
    *digit++ = kDigits[number & 0xf];
  }
  return {boundary.data(), boundary.size()};
}

void append_headers(const MessageFacts& facts, std::string& text) {
  append_from(facts, text);
  append_to(facts, text);
  append_date(facts, text);
  append_message_id(facts, text);
  text.append(facts.extra_headers);
}

void append_multipart(std::string_view subtype, std::string_view boundary, std::string& text) {
  text.append("MIME-Version: 1.0\r\nContent-Type: multipart/").append(subtype);
  text.append("; boundary=\"").append(boundary).append("\"\r\n");
}

// The last header field, and the empty line. Returns where its value ends: what a message has to
// grow by so that its lines come out even can be put there.
std::size_t append_subject(Roll& roll, std::string& text) {
  text.append("Subject: ").append(random_word(roll));
  text.append(" ").append(random_word(roll));
  text.append(" ").append(random_word(roll));
  const std::size_t end = text.size();
  text.append("\r\n\r\n");
  return end;
}

// What is left of `size` when so much is there.
std::uint64_t room(std::uint64_t size, std::uint64_t there) {
  return size > there ? size - there : 0;
}

// A line of so many bytes, two of which end it.
void append_line(std::size_t bytes, std::string& text) {
  constexpr std::string_view kWords =
      "some words more so that the message has no other size than the one asked for it";
  static_assert(kWords.size() >= 78);
  text.append(kWords.substr(0, bytes - kLineEnd.size()));
  if (text.back() == ' ') text.back() = '.';
  text.append(kLineEnd);
}

// Lines of a block, and one that is not longer than those by more than its end; so many bytes in
// all, not 1.
void put_lines(const TextBlock& block, std::uint64_t bytes, Roll& roll, Content& content) {
  if (bytes == 0) return;
  const std::uint64_t shared = block.share(block.draw_line(roll), bytes - kLineEnd.size(), content);
  append_line(bytes - shared, content.own());
}

void make_filler(std::uint64_t size, const MessageFacts& facts, Roll roll, Content& content) {
  constexpr std::size_t kLine = 80;
  std::string& own = content.own();
  append_headers(facts, own);
  const std::size_t subject = append_subject(roll, own);
  const std::uint64_t body = room(size, own.size());
  if (body == 1) own.insert(subject, 1, '.');
  if (body <= 1) return;
  const std::uint64_t payload = body - kLineEnd.size();
  const std::uint64_t lines = payload == 0 ? 0 : (payload - 1) / kLine * kLine;
  filler_block().share(0, lines, content);
  own.append(payload - lines, 'X').append(kLineEnd);
}

void make_text(std::uint64_t size, const MessageFacts& facts, Roll roll, Content& content) {
  std::string& own = content.own();
  append_headers(facts, own);
  own.append("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n");
  const std::size_t subject = append_subject(roll, own);
  const std::uint64_t body = room(size, own.size());
  if (body == 1) own.insert(subject, 1, '.');
  if (body > 1) put_lines(words_block(), body, roll, content);
}

void make_attachment(std::uint64_t size, const MessageFacts& facts, Roll roll, Content& content) {
  Boundary storage;
  const std::string_view boundary = draw_boundary(roll, storage);
  const std::string_view file = random_word(roll);
  std::string& own = content.own();
  append_headers(facts, own);
  append_multipart("mixed", boundary, own);
  append_subject(roll, own);
  own.append("--").append(boundary);
  own.append("\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nThe file ").append(file);
  own.append(" is attached.");
  const std::size_t sentence = own.size();
  own.append("\r\n\r\n--").append(boundary);
  own.append("\r\nContent-Type: application/octet-stream; name=\"").append(file);
  own.append(".bin\"\r\nContent-Transfer-Encoding: base64\r\n");
  own.append("Content-Disposition: attachment; filename=\"").append(file).append(".bin\"\r\n\r\n");

  // Full lines, one of some quartets, and what is less than these takes: it is put to the sentence.
  constexpr std::size_t kLine = 76 + kLineEnd.size();
  constexpr std::size_t kQuartet = 4;
  const std::size_t closing = 2 + boundary.size() + 2 + kLineEnd.size();
  const std::uint64_t body = room(size, own.size() + closing);
  std::size_t rest = body % kLine;
  const std::size_t digits =
      rest < kLineEnd.size() ? 0 : (rest - kLineEnd.size()) / kQuartet * kQuartet;
  if (digits > 0) rest -= digits + kLineEnd.size();
  own.insert(sentence, rest, '.');
  base64_block().share(base64_block().draw_line(roll), body - body % kLine, content);
  if (digits > 0) {
    own.append(base64_block().line(base64_block().draw_line(roll)).substr(0, digits));
    own.append(kLineEnd);
  }
  own.append("--").append(boundary).append("--\r\n");
}

void make_html(std::uint64_t size, const MessageFacts& facts, Roll roll, Content& content) {
  constexpr std::string_view kBegin =
      "\r\nContent-Type: text/html; charset=us-ascii\r\n\r\n"
      "<!DOCTYPE html>\r\n<html>\r\n<head><title>Message</title></head>\r\n<body>\r\n";
  constexpr std::string_view kEnd = "</body>\r\n</html>\r\n\r\n--";
  Boundary storage;
  const std::string_view boundary = draw_boundary(roll, storage);
  std::string& own = content.own();
  append_headers(facts, own);
  append_multipart("alternative", boundary, own);
  const std::size_t subject = append_subject(roll, own);
  own.append("--").append(boundary);
  own.append("\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n");

  constexpr std::string_view kBetween = "\r\n--";
  constexpr std::string_view kClosing = "--\r\n";
  const std::uint64_t lines = room(size, own.size() + kBetween.size() + kBegin.size() +
                                             kEnd.size() + kClosing.size() + 2 * boundary.size());
  if (lines == 1) own.insert(subject, 1, '.');
  // As HTML the same text is the longer part.
  const std::uint64_t text = lines < 6 ? 0 : lines / 3;
  put_lines(words_block(), text, roll, content);
  own.append(kBetween).append(boundary).append(kBegin);
  if (lines > 1) put_lines(html_block(), lines - text, roll, content);
  own.append(kEnd).append(boundary).append(kClosing);
}

}  // namespace

void make_generated(BodyForm form, std::uint64_t size, const MessageFacts& facts, Roll roll,
                    Content& content) {
  switch (form) {
    case BodyForm::text:
      return make_text(size, facts, roll, content);
    case BodyForm::attachment:
      return make_attachment(size, facts, roll, content);
    case BodyForm::html:
      return make_html(size, facts, roll, content);
    case BodyForm::filler:
      return make_filler(size, facts, roll, content);
  }
}

}  // namespace millrace::mail
