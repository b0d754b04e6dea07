#include "sink/answers/eligibility.h"

#include <algorithm>
#include <array>

#include "smtp/keyword.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

// A longer one is no address that anybody has (RFC 5321, 4.5.3.1: 64 and 255 octets).
constexpr std::size_t kLongestMailbox = 320;

// What a field's value begins with, up to a parameter, a comment or a blank.
std::string_view first_word(std::string_view value) { return smtp::take_word(value, " \t;(,"); }

bool says_no(std::string_view value) { return smtp::same_keyword(first_word(value), "no"); }

// Fields that speak against an answer.
struct FieldRule {
  std::string_view name;
  bool begins;  // only the name's beginning is given
  bool (*speaks_against)(std::string_view value);
};

constexpr auto kFieldRules = std::to_array<FieldRule>({
    // RFC 3834, 5
    {"auto-submitted", false, [](std::string_view value) { return !says_no(value); }},
    // Never standardised, known to all (RFC 3834, 3.1.8).
    {"precedence", false,
     [](std::string_view value) {
       const std::string_view word = first_word(value);
       return smtp::same_keyword(word, "bulk") || smtp::same_keyword(word, "list") ||
              smtp::same_keyword(word, "junk");
     }},
    // RFC 2369, RFC 2919
    {"list-", true, [](std::string_view) { return true; }},
    // RFC 6522
    {"content-type", false,
     [](std::string_view value) {
       return smtp::same_keyword(first_word(value), "multipart/report");
     }},
});

// Local parts of programs and lists (RFC 3834, 2).
struct SenderRule {
  std::string_view text;
  enum class Place : char { whole, front, back } place;
};
using Place = SenderRule::Place;
constexpr auto kSenderRules = std::to_array<SenderRule>({
    {"mailer-daemon", Place::whole},
    {"listserv", Place::whole},
    {"majordomo", Place::whole},
    {"owner-", Place::front},
    {"-request", Place::back},
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

bool from_person(std::string_view local_part) {
  return std::none_of(kSenderRules.begin(), kSenderRules.end(),
                      [&](const SenderRule& rule) { return speaks_for_program(rule, local_part); });
}

bool speaks_against(const HeaderField& field) {
  return std::any_of(kFieldRules.begin(), kFieldRules.end(), [&](const FieldRule& rule) {
    const bool named =
        rule.begins ? begins(field.name, rule.name) : smtp::same_keyword(field.name, rule.name);
    return named && rule.speaks_against(field.value);
  });
}

}  // namespace

bool may_be_answered(std::string_view sender, const std::vector<HeaderField>& fields) {
  return sender.size() <= kLongestMailbox && smtp::valid_mailbox(sender) &&
         from_person(smtp::split_mailbox(sender).local_part) &&
         std::none_of(fields.begin(), fields.end(), speaks_against);
}

}  // namespace millrace::sink
