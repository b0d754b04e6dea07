#include "mail/template/template.h"

#include <array>
#include <charconv>

#include "base/decimal.h"
#include "base/utf8.h"
#include "mail/folding.h"
#include "mail/standard_headers.h"
#include "mail/template/encoded_words.h"
#include "mail/words.h"
#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

// Drawn numbers have up to six digits.
constexpr std::uint64_t kRandomNumbers = 1'000'000;

// Text whose lines may end in anything: in the message they end in CR LF.
void append_lines(std::string_view value, std::string& text) {
  for (;;) {
    const std::size_t end = value.find_first_of("\r\n");
    text.append(value.substr(0, end));
    if (end == std::string_view::npos) return;
    text.append("\r\n");
    value.remove_prefix(end + (value.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

// What was put to the end of `text` from `begin` on is replaced by what `append` makes of it,
// without the blanks that a first or last part without a value leaves.
template <typename Append>
void rewrite(std::string& text, std::size_t begin, Append append) {
  // Kept for the next one: what is made of a value needs more room than it has.
  thread_local std::string value;
  value.assign(text, begin);
  text.resize(begin);
  append(smtp::without_blanks(value), text);
}

void end_text(std::string& text, std::size_t begin) {
  if (!is_ascii(std::string_view(text).substr(begin))) {
    rewrite(text, begin, append_encoded_words);
  } else if (is_long(text, begin)) {
    rewrite(text, begin, append_folded);
  }
}

void end_phrase(std::string& text, std::size_t begin) {
  switch (form_of_phrase(std::string_view(text).substr(begin))) {
    case PhraseForm::words:
      break;
    case PhraseForm::quoted:
      rewrite(text, begin, append_quoted);
      break;
    case PhraseForm::encoded:
      rewrite(text, begin, append_encoded_words);
      text.append("\r\n");  // the address on a line of its own: this one may be full
      break;
  }
  text += ' ';
}

}  // namespace

void TemplateKind::make(const MessageFacts& facts, Content& content) const {
  using Does = TemplateStep::Does;
  const std::string_view constant = template_.text;
  const Csv* const fields = template_.fields;
  const std::size_t row = fields == nullptr ? 0 : facts.number % fields->rows();
  const auto field = [&](std::size_t column) {
    return fields == nullptr ? std::string_view() : fields->field(row, column);
  };
  Roll roll = facts.roll;
  std::string& own = content.own();
  std::size_t value = 0;  // where the one begins that is being put
  for (const TemplateStep& step : template_.steps) {
    switch (step.does) {
      case Does::text:
        own.append(constant.substr(step.begin, step.size));
        break;
      case Does::share:
        content.share(constant.substr(step.begin, step.size), step.traits);
        break;
      case Does::column:
        own.append(field(step.begin));
        break;
      case Does::lines:
        append_lines(field(step.begin), own);
        break;
      case Does::number:
        append_decimal(facts.number, own);
        break;
      case Does::date:
        own.append(facts.date);
        break;
      case Does::message_id:
        own.append(facts.message_id);
        break;
      case Does::recipient:
        own.append(facts.recipient);
        break;
      case Does::sender:
        own.append(facts.sender);
        break;
      case Does::random_word:
        own.append(random_word(roll));
        break;
      case Does::random_number:
        append_decimal(roll.below(kRandomNumbers), own);
        break;
      case Does::from:
        append_from(facts, own);
        break;
      case Does::extra_headers:
        own.append(facts.extra_headers);
        break;
      case Does::begin:
        value = own.size();
        break;
      case Does::end_text:
        end_text(own, value);
        break;
      case Does::end_phrase:
        end_phrase(own, value);
        break;
    }
  }
}

}  // namespace millrace::mail
