#include "proof/bounce_reader.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "proof/mime_entity.h"
#include "smtp/path.h"

namespace millrace::proof {
namespace {

constexpr std::string_view kWithinLine = " \t";

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kWithinLine), text.size()));
  return text;
}

// Whether `text` begins with `low`, in any case.
bool begins_with(std::string_view text, std::string_view low) {
  return same_in_any_case(text.substr(0, low.size()), low);
}

// What follows the name of a field and its colon; nothing when the line is no such field. `name` in
// small letters.
std::optional<std::string_view> value_in(std::string_view line, std::string_view name) {
  if (!begins_with(line, name)) return {};
  line = without_blanks(line.substr(name.size()));
  if (!line.starts_with(':')) return {};
  return without_blanks(line.substr(1));
}

}  // namespace

BounceReader::BounceReader(const StampTrust& trust) : stamps_(trust) {}

void BounceReader::begin() {
  lines_.reset();
  place_ = Place::header;
  report_ = status_part_ = content_type_ = reading_ = false;
  finding_ = StampFinding::none;
  failed_here_ = token_here_ = false;
  failed_ = 0;
  tokens_.clear();
}

void BounceReader::take(std::string_view bytes) {
  lines_.take(bytes, [this](const LinePiece& line) {
    take_line(line);
    return true;
  });
}

void BounceReader::finish() {
  lines_.finish([this](const LinePiece& line) { take_line(line); });
  end_stamp();
  end_recipient();
}

void BounceReader::take_line(const LinePiece& line) {
  look_for_stamp(line);
  if (!line.first) return;  // no line that counts is so long but in what nobody looks at
  const bool empty = line.last && line.text.empty();
  if (place_ != Place::header && line.text.starts_with("--")) {
    end_recipient();
    place_ = Place::part_header;
    status_part_ = content_type_ = false;
    return;
  }
  switch (place_) {
    case Place::header:
    case Place::part_header:
      if (!empty) return take_header_line(line.text);
      place_ = status_part_ ? Place::status : Place::other;
      return;
    case Place::status:
      return empty ? end_recipient() : take_status_line(line.text);
    case Place::other:
      return;
  }
}

// The value of Content-Type may be in the line below its name.
void BounceReader::take_header_line(std::string_view text) {
  std::string_view value;
  if (const auto type = value_in(text, "content-type")) {
    value = *type;
    content_type_ = value.empty();
  } else if (content_type_ && is_blank(text.front())) {
    value = without_blanks(text);
    content_type_ = value.empty();
  } else {
    content_type_ = false;
    return;
  }
  if (place_ == Place::header) {
    report_ = report_ || begins_with(value, "multipart/report");
  } else {
    status_part_ = status_part_ || begins_with(value, "message/delivery-status") ||
                   begins_with(value, "message/global-delivery-status");  // RFC 6533
    report_ = report_ || status_part_;
  }
}

// RFC 3464, 2.3: fields about one recipient, in any order, up to an empty line.
void BounceReader::take_status_line(std::string_view text) {
  if (const auto action = value_in(text, "action")) {
    failed_here_ = failed_here_ || begins_with(*action, "failed");
  } else if (const auto original = value_in(text, "original-recipient")) {
    take_recipient(*original);
  } else if (const auto final = value_in(text, "final-recipient")) {
    take_recipient(*final);
  }
}

// "rfc822; user@example.com". An address that is cut is none.
void BounceReader::take_recipient(std::string_view value) {
  const std::size_t type = value.find(';');
  if (token_here_ || type == value.npos) return;
  std::string_view address = without_blanks(value.substr(type + 1));
  if (address.starts_with('<')) address.remove_prefix(1);
  const std::string_view local = smtp::split_mailbox(address).local_part;
  if (local.size() == address.size()) return;
  for (const TokenForm form : {TokenForm::tagged, TokenForm::numbered}) {
    const auto token = read_token(local, form);
    if (!token) continue;
    token_ = *token;
    token_here_ = true;
    return;
  }
}

void BounceReader::end_recipient() {
  if (failed_here_) {
    ++failed_;
    if (token_here_ && tokens_.size() < kMostTokens) tokens_.push_back(token_);
  }
  failed_here_ = token_here_ = false;
}

// A stamp begins a line, and goes on in those that begin with a blank. The first that is believed
// counts.
void BounceReader::look_for_stamp(const LinePiece& line) {
  if (believed(finding_)) return;
  const bool goes_on = reading_ && !line.text.empty() && is_blank(line.text.front());
  if (line.first && !goes_on) {
    end_stamp();
    reading_ = !line.text.empty() && lower(line.text.front()) == lower(kStampName.front());
    if (reading_) stamps_.begin();
  }
  if (!reading_) return;
  stamps_.take(line.text);
  if (!stamps_.reading()) end_stamp();
}

void BounceReader::end_stamp() {
  if (!reading_) return;
  reading_ = false;
  const StampFinding finding = stamps_.finding();
  if (!believed(finding)) return;
  finding_ = finding;
  stamp_ = stamps_.stamp();
}

}  // namespace millrace::proof
