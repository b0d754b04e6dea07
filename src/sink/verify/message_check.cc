#include "sink/verify/message_check.h"

#include "proof/comparison.h"

namespace millrace::sink {
namespace {

using proof::Change;
using proof::TakenVerdict;

// What a comparison comes to is a verdict of the same number.
static_assert(static_cast<int>(TakenVerdict::same) == static_cast<int>(Change::same));
static_assert(static_cast<int>(TakenVerdict::headers_added) ==
              static_cast<int>(Change::headers_added));
static_assert(static_cast<int>(TakenVerdict::refolded) == static_cast<int>(Change::refolded));
static_assert(static_cast<int>(TakenVerdict::blanks_changed) ==
              static_cast<int>(Change::blanks_changed));
static_assert(static_cast<int>(TakenVerdict::re_encoded) == static_cast<int>(Change::re_encoded));
static_assert(static_cast<int>(TakenVerdict::footer_added) ==
              static_cast<int>(Change::footer_added));
static_assert(static_cast<int>(TakenVerdict::headers_changed) ==
              static_cast<int>(Change::headers_changed));
static_assert(static_cast<int>(TakenVerdict::truncated) == static_cast<int>(Change::truncated));
static_assert(static_cast<int>(TakenVerdict::body_changed) ==
              static_cast<int>(Change::body_changed));
static_assert(static_cast<std::size_t>(TakenVerdict::unstamped) == proof::kChanges);

TakenVerdict verdict_without(proof::StampFinding finding) {
  switch (finding) {
    case proof::StampFinding::malformed:
      return TakenVerdict::malformed;
    case proof::StampFinding::forged:
      return TakenVerdict::forged;
    default:
      return TakenVerdict::unstamped;
  }
}

void take_stamp(const proof::Stamp& stamp, Found& found) {
  found.run = stamp.run;
  found.number = stamp.number;
  found.due = stamp.due;
  found.sent = stamp.sent;
}

}  // namespace

void MessageCheck::begin(bool null_sender) {
  null_sender_ = null_sender;
  dots_.reset();
  content_.begin();
  if (null_sender_) bounce_.begin();
}

void MessageCheck::take(std::string_view bytes, smtp::Form form) {
  if (form == smtp::Form::plain) return take_text(bytes);
  dots_.take(bytes, [this](std::string_view text) { take_text(text); });
}

void MessageCheck::take_text(std::string_view text) {
  content_.take(text);
  if (null_sender_) bounce_.take(text);
}

Found MessageCheck::finish() {
  content_.finish();
  if (null_sender_) bounce_.finish();
  Found found;
  // A report has the stamp of another message in its body, and none of its own.
  if (null_sender_ && bounce_.about_stamped() && !believed(content_.header().finding())) {
    found.kind = bounce_.bounced() ? Found::Kind::bounce : Found::Kind::report;
    found.verdict = TakenVerdict::same;  // there is nothing to compare
    take_stamp(bounce_.stamp(), found);
  } else if (believed(content_.finding())) {
    found.verdict = static_cast<TakenVerdict>(compare(content_).worst());
    take_stamp(content_.stamp(), found);
  } else {
    found.verdict = verdict_without(content_.finding());
  }
  return found;
}

}  // namespace millrace::sink
