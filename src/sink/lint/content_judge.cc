#include "sink/lint/content_judge.h"

#include <algorithm>
#include <utility>

namespace millrace::sink {
namespace {

// What is kept of a line: the name of a field, and what a sample is taken from.
constexpr std::size_t kLineHead = 128;

// RFC 5322, 2.1.1: without its CR LF, which makes the 1000 of RFC 5321, 4.5.3.1.6.
constexpr std::size_t kLongestTextLine = 998;

bool eight_bit(char byte) { return static_cast<unsigned char>(byte) >= 0x80; }
bool is_blank(char byte) { return byte == ' ' || byte == '\t' || byte == '\r'; }

}  // namespace

void ContentJudge::begin(const Declared& declared) {
  declared_ = declared;
  header_.begin();
  size_ = 0;
  length_ = 0;
  head_.clear();
  place_ = Place::line_start;
  in_header_ = true;
  lone_dot_ = false;
  cr_ = false;
  eight_bit_ = false;
  blank_ = true;
}

void ContentJudge::add(Finding finding) { findings_.add(finding, head_, About::content); }

void ContentJudge::take(std::string_view bytes, smtp::Form form) {
  while (!bytes.empty()) {
    if (form == smtp::Form::dotted && place_ != Place::within) {
      bytes.remove_prefix(take_dot(bytes));
      continue;
    }
    const std::size_t end = bytes.find('\n');
    const std::string_view text = bytes.substr(0, end);
    bytes.remove_prefix(text.size());
    take_text(text);
    if (bytes.empty()) return;
    bytes.remove_prefix(1);
    end_line();
  }
}

// The dot that begins a line is one too many, or has to be that of the end mark (RFC 5321, 4.5.2).
// Returns how many bytes it was.
std::size_t ContentJudge::take_dot(std::string_view bytes) {
  const Place before = std::exchange(place_, Place::within);
  const char byte = bytes.front();
  if (before == Place::line_start && byte == '.') {
    place_ = Place::behind_dot;
    return 1;
  }
  if (before != Place::behind_dot) return 0;
  lone_dot_ = byte == '\r' || byte == '\n';
  if (lone_dot_ || byte == '.') return 0;
  const std::string_view rest = bytes.substr(0, bytes.find_first_of("\r\n")).substr(0, kLineHead);
  findings_.add(Finding::unstuffed_dot, std::string(".").append(rest));
  return 0;
}

// What is of one line, and not its LF.
void ContentJudge::take_text(std::string_view text) {
  if (text.empty()) return;
  length_ += text.size();
  if (head_.size() < kLineHead) head_.append(text.substr(0, kLineHead - head_.size()));
  if (std::exchange(cr_, false) && of_lines()) add(Finding::bare_cr);
  for (std::size_t at = text.find('\r'); at != std::string_view::npos;
       at = text.find('\r', at + 1)) {
    if (at + 1 == text.size()) {
      cr_ = true;  // an LF may follow
    } else if (of_lines()) {
      add(Finding::bare_cr);
    }
  }
  if (of_lines()) {
    for (auto nuls = std::count(text.begin(), text.end(), '\0'); nuls > 0; --nuls)
      add(Finding::nul);
  }
  eight_bit_ = eight_bit_ || std::any_of(text.begin(), text.end(), eight_bit);
  blank_ = blank_ && std::all_of(text.begin(), text.end(), is_blank);
}

// A bare LF ends a line as well, so that what follows is not found fault with for it again; but no
// dot is doubled behind it.
void ContentJudge::end_line() {
  const bool crlf = std::exchange(cr_, false);
  const std::size_t length = length_ - (crlf ? 1 : 0);
  if (!crlf && of_lines()) add(Finding::bare_lf);
  const bool end_mark = lone_dot_ && crlf && length == 0;
  if (!end_mark) {
    size_ += length_ + 1;
    judge_line(length);
  }
  length_ = 0;
  head_.clear();
  place_ = crlf ? Place::line_start : Place::within;
  lone_dot_ = false;
  eight_bit_ = false;
  blank_ = true;
}

void ContentJudge::judge_line(std::size_t length) {
  if (length > kLongestTextLine && of_lines()) add(Finding::long_line);
  if (!in_header_) {
    if (eight_bit_ && !declared_.eight_bit && !declared_.binary) add(Finding::eight_bit_body);
    return;
  }
  if (length == 0) {
    in_header_ = false;
    header_.finish();
    return;
  }
  if (eight_bit_ && !declared_.utf8) add(Finding::eight_bit_header);
  const std::string_view beginning = std::string_view(head_).substr(0, length);
  header_.take({.beginning = beginning, .whole = beginning.size() == length, .blank = blank_});
}

void ContentJudge::finish() {
  if (length_ > 0) {
    if (cr_ && of_lines()) add(Finding::bare_cr);
    size_ += length_;
    judge_line(length_);
    length_ = 0;
  }
  if (in_header_) header_.finish();
  if (declared_.size == 0 || size_ <= declared_.size) return;
  const std::string sample =
      "SIZE=" + std::to_string(declared_.size) + ", and " + std::to_string(size_) + " bytes came";
  findings_.add(Finding::wrong_size, sample, About::content);
}

}  // namespace millrace::sink
