#include "mail/template/template_compiler.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/line_end.h"
#include "base/utf8.h"
#include "mail/content.h"
#include "mail/header_fields.h"
#include "mail/header_form.h"
#include "mail/template/template_addresses.h"
#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

using Does = TemplateStep::Does;

// What is shorter is copied, and looked through for dots with each message. With 700 bytes between
// two fields, a template of 4 KiB costs half as much when they are shared.
constexpr std::size_t kShareFrom = 512;

constexpr std::string_view kFolds = " \t\r\n";

// A header field that is put in front where the text has none.
struct Needed {
  std::string_view name;
  std::string_view before;
  Does value;
  std::string_view behind;
};
constexpr std::array<Needed, 4> kNeeded = {
    {{"From", "", Does::from, ""},
     {"To", "To: <", Does::recipient, ">\r\n"},
     {"Date", "Date: ", Does::date, "\r\n"},
     {"Message-ID", "Message-ID: ", Does::message_id, "\r\n"}}};

}  // namespace

TemplateCompiler::TemplateCompiler(std::string_view text, const Csv* csv)
    : text_(text),
      csv_(csv),
      fields_(find_template_fields(text, csv, mistakes_)),
      line_breaks_(csv == nullptr ? 0 : csv->columns().size()) {}

Template TemplateCompiler::compile() {
  if (text_.empty()) mistakes_.push_back({0, "an empty template"});
  if (const std::size_t nul = text_.find('\0'); nul != std::string_view::npos) {
    mistakes_.push_back({nul, "a NUL"});
  }
  // What does not begin with a header field is a body.
  const bool headers = line_at(0).empty() || !field_name(line_at(0)).empty();
  if (headers) read_header_section();
  std::vector<TemplateStep> section = std::exchange(steps_, {});
  put_missing_headers();
  steps_.insert(steps_.end(), section.begin(), section.end());
  if (!headers) put_literal(kLineEnd);
  body_ = done_;
  in_body_ = true;
  put_until(text_.size());
  return {.text = std::string(text_) + literals_, .steps = std::move(steps_), .fields = csv_};
}

std::vector<TemplateLine> TemplateCompiler::lines_with_columns() const {
  std::vector<TemplateLine> lines;
  for (const TemplateField& field : fields_) {
    if (!field.step || field.step->does != Does::column) continue;
    if (!lines.empty() && field.begin < lines.back().end) continue;
    const std::size_t before = text_.rfind('\n', field.begin);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    lines.push_back(
        {.begin = begin, .end = begin + line_at(begin).size(), .header = begin < body_});
  }
  return lines;
}

std::string_view TemplateCompiler::line_at(std::size_t begin) const {
  const std::string_view lines = text_.substr(begin);
  return lines.substr(0, lines.find(kLineEnd));
}

std::size_t TemplateCompiler::behind_line(std::size_t begin) const {
  return begin + line_at(begin).size() + kLineEnd.size();
}

void TemplateCompiler::put_until(std::size_t end) {
  for (; has_fields(end); ++next_) {
    put_text(fields_[next_].begin);
    if (fields_[next_].step) put_value(*fields_[next_].step);
    done_ = fields_[next_].end;
  }
  put_text(end);
}

bool TemplateCompiler::has_fields(std::size_t end) const {
  return next_ < fields_.size() && fields_[next_].begin < end;
}

void TemplateCompiler::put_value(const TemplateStep& step) {
  steps_.push_back(step);
  // In a header section there are none.
  if (in_body_ && step.does == Does::column && has_line_breaks(step.begin)) {
    steps_.back().does = Does::lines;
  }
}

void TemplateCompiler::put_text(std::size_t end) {
  if (in_body_ && end >= done_ + kShareFrom) share_lines(end);
  copy_text(end);
}

void TemplateCompiler::copy_text(std::size_t end) {
  if (end <= done_) return;  // nothing is put twice
  const TemplateStep text{.does = Does::text, .begin = done_, .size = end - done_};
  done_ = end;
  const bool goes_on = !steps_.empty() && steps_.back().does == Does::text &&
                       steps_.back().begin + steps_.back().size == text.begin;
  if (!goes_on) return steps_.push_back(text);
  steps_.back().size += text.size;
}

void TemplateCompiler::share_lines(std::size_t end) {
  const bool at_line = done_ == body_ || text_[done_ - 1] == '\n';
  const std::size_t begin = at_line ? done_ : behind_line(done_);
  const std::size_t last = text_.substr(0, end).rfind('\n') + 1;
  if (begin + kShareFrom > last) return;
  copy_text(begin);
  const std::string_view lines = text_.substr(begin, last - begin);
  steps_.push_back({.does = Does::share,
                    .begin = begin,
                    .size = lines.size(),
                    .traits = Content::Traits::of(lines)});
  done_ = last;
}

void TemplateCompiler::put_literal(std::string_view literal) {
  if (literal.empty()) return;
  steps_.push_back(
      {.does = Does::text, .begin = text_.size() + literals_.size(), .size = literal.size()});
  literals_ += literal;
}

void TemplateCompiler::read_header_section() {
  while (done_ < text_.size() && !line_at(done_).empty()) {
    std::size_t end = behind_line(done_);
    while (end < text_.size() && smtp::kBlanks.find(text_[end]) != std::string_view::npos) {
      end = behind_line(end);
    }
    read_header_field(end);
    put_until(end);
  }
}

void TemplateCompiler::read_header_field(std::size_t end) {
  const std::size_t length = field_name(line_at(done_)).size();
  if (length == 0) {
    mistakes_.push_back({done_, "no header field, nor an empty line that ends the header section"});
    return;
  }
  const std::string_view name = text_.substr(done_, length);
  headers_.push_back(name);
  const std::size_t colon = text_.find(':', done_ + length);
  if (has_fields(colon)) {
    mistakes_.push_back({fields_[next_].begin, "a field in the name of a header field"});
    return;
  }
  if (!has_fields(end)) return;
  const HeaderForm form = form_of_header(name);
  note_columns(end, form == HeaderForm::structured, name);
  const std::size_t last = end - kLineEnd.size();
  const std::size_t value = text_.find_first_not_of(kFolds, colon + 1);
  if (form != HeaderForm::structured) check_constant_text(value, last);
  if (form == HeaderForm::unstructured) read_unstructured(value, last);
  if (form == HeaderForm::addresses) read_addresses(value, last);
}

// It may be put in encoded words, which say that it is UTF-8.
void TemplateCompiler::check_constant_text(std::size_t begin, std::size_t end) {
  for (std::size_t field = next_; begin < end; ++field) {
    const bool more = field < fields_.size() && fields_[field].begin < end;
    const std::string_view text = text_.substr(begin, (more ? fields_[field].begin : end) - begin);
    const std::size_t good = utf8_length(text);
    if (good < text.size()) {
      mistakes_.push_back({begin + good, "what is not UTF-8 in a header field with values"});
      return;
    }
    if (!more) return;
    begin = fields_[field].end;
  }
}

void TemplateCompiler::read_unstructured(std::size_t begin, std::size_t end) {
  put_until(begin);
  steps_.push_back({.does = Does::begin});
  put_until(end);
  steps_.push_back({.does = Does::end_text});
}

void TemplateCompiler::read_addresses(std::size_t begin, std::size_t end) {
  const std::span fields = std::span(fields_).subspan(next_);
  for (const auto& name : find_display_names(text_, begin, end, fields, mistakes_)) {
    read_display_name(name.begin, name.end);
  }
}

void TemplateCompiler::read_display_name(std::size_t begin, std::size_t end) {
  put_until(text_.find_first_not_of(kFolds, begin));
  if (!has_fields(end)) return;
  std::size_t last = text_.find_last_not_of(kFolds, end - 1) + 1;
  const bool quoted = text_[done_] == '"' && text_[last - 1] == '"' && last - done_ > 1;
  if (quoted) ++done_, --last;  // they are put where they are needed
  std::size_t place = done_;
  for (std::size_t field = next_; place < last; ++place) {
    if (field < fields_.size() && fields_[field].begin == place) {
      place = fields_[field++].end - 1;
    } else if (std::string_view("\"\\()").find(text_[place]) != std::string_view::npos) {
      mistakes_.push_back(
          {place, "a quote, a backslash or a comment in a display name with fields"});
      break;
    }
  }
  steps_.push_back({.does = Does::begin});
  put_until(last);
  steps_.push_back({.does = Does::end_phrase});
  done_ = end;  // a blank is put there
}

void TemplateCompiler::note_columns(std::size_t end, bool ascii, std::string_view header) {
  for (std::size_t field = next_; field < fields_.size() && fields_[field].begin < end; ++field) {
    const auto& step = fields_[field].step;
    if (!step || step->does != Does::column) continue;
    ColumnUse use{.column = step->begin, .ascii = ascii, .field = std::string(header)};
    if (std::ranges::find(uses_, use) == uses_.end()) uses_.push_back(std::move(use));
  }
}

void TemplateCompiler::put_missing_headers() {
  for (const Needed& needed : kNeeded) {
    const auto is_needed = [&](std::string_view name) {
      return smtp::same_keyword(name, needed.name);
    };
    if (std::ranges::any_of(headers_, is_needed)) continue;
    put_literal(needed.before);
    steps_.push_back({.does = needed.value});
    put_literal(needed.behind);
  }
  steps_.push_back({.does = Does::extra_headers});
}

bool TemplateCompiler::has_line_breaks(std::size_t column) {
  if (!line_breaks_[column]) {
    bool any = false;
    for (std::size_t row = 0; row < csv_->rows() && !any; ++row) {
      any = csv_->field(row, column).find_first_of(kLineEnd) != std::string_view::npos;
    }
    line_breaks_[column] = any;
  }
  return *line_breaks_[column];
}

}  // namespace millrace::mail
