#include "sink/answers/eligibility.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "smtp/keyword.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

// A longer one is no address that anybody has (RFC 5321, 4.5.3.1: 64 and 255 octets).
constexpr std::size_t kLongestMailbox = 320;

// What a field's value begins with, up to a parameter, a comment or a blank.
std::string_view first_word(std::string_view value) { return smtp::take_word(value, " \t;(,"); }

bool says_no(std::string_view value) { return smtp::same_keyword(first_word(value), "no"); }

// What something speaks against.
enum class Against : std::uint8_t { nothing, replies, all };

// RFC 3834, 5.
Against auto_submitted(std::string_view value) {
  return says_no(value) ? Against::nothing : Against::all;
}

// Never standardised, known to all (RFC 3834, 3.1.8). Bulk mail is no list.
Against precedence(std::string_view value) {
  const std::string_view word = first_word(value);
  if (smtp::same_keyword(word, "list")) return Against::all;
  const bool low = smtp::same_keyword(word, "bulk") || smtp::same_keyword(word, "junk");
  return low ? Against::replies : Against::nothing;
}

// RFC 6522.
Against content_type(std::string_view value) {
  const bool report = smtp::same_keyword(first_word(value), "multipart/report");
  return report ? Against::all : Against::nothing;
}

// Fields that speak against an answer; the first row that names one is it.
struct FieldRule {
  std::string_view name;
  bool begins;  // only the name's beginning is given
  Against (*against)(std::string_view value);
};

constexpr auto kFieldRules = std::to_array<FieldRule>({
    {"auto-submitted", false, auto_submitted},
    {"precedence", false, precedence},
    {"content-type", false, content_type},
    // RFC 8058: whoever sends in bulk has them.
    {"list-unsubscribe", false, [](std::string_view) { return Against::replies; }},
    {"list-unsubscribe-post", false, [](std::string_view) { return Against::replies; }},
    // RFC 2369, RFC 2919
    {"list-", true, [](std::string_view) { return Against::all; }},
});

// Local parts of programs and lists (RFC 3834, 2).
struct SenderRule {
  std::string_view text;
  enum class Place : std::uint8_t { whole, front, back } place;
  Against against;
};
using Place = SenderRule::Place;
constexpr auto kSenderRules = std::to_array<SenderRule>({
    {"mailer-daemon", Place::whole, Against::all},
    {"listserv", Place::whole, Against::all},
    {"majordomo", Place::whole, Against::all},
    {"owner-", Place::front, Against::replies},
    {"-request", Place::back, Against::replies},
});

bool begins(std::string_view text, std::string_view beginning) {
  return smtp::same_keyword(text.substr(0, beginning.size()), beginning);
}

bool speaks_for_program(const SenderRule& rule, std::string_view local_part) {
  switch (rule.place) {
    case Place::whole:
      return smtp::same_keyword(local_part, rule.text);
    case Place::front:
      return begins(local_part, rule.text);
    case Place::back:
      return local_part.size() >= rule.text.size() &&
             smtp::same_keyword(local_part.substr(local_part.size() - rule.text.size()), rule.text);
  }
  return false;
}

Against against_sender(std::string_view local_part) {
  Against worst = Against::nothing;
  for (const SenderRule& rule : kSenderRules) {
    if (speaks_for_program(rule, local_part)) worst = std::max(worst, rule.against);
  }
  return worst;
}

Against against_field(const HeaderField& field) {
  for (const FieldRule& rule : kFieldRules) {
    const bool named =
        rule.begins ? begins(field.name, rule.name) : smtp::same_keyword(field.name, rule.name);
    if (named) return rule.against(field.value);
  }
  return Against::nothing;
}

}  // namespace

Answerable what_may_answer(std::string_view sender, const std::vector<HeaderField>& fields) {
  if (sender.size() > kLongestMailbox || !smtp::valid_mailbox(sender)) return {};
  Against worst = against_sender(smtp::split_mailbox(sender).local_part);
  for (const HeaderField& field : fields) worst = std::max(worst, against_field(field));
  return {.by_report = worst != Against::all, .by_reply = worst == Against::nothing};
}

}  // namespace millrace::sink
