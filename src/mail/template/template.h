#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "mail/csv.h"
#include "mail/kind.h"

namespace millrace::mail {

// A step in the making of a message from a template.
struct TemplateStep {
  enum class Does : std::uint8_t {
    text,   // puts text of the template
    share,  // the same, a long one, without a copy
    // What puts a value.
    column,  // of its row
    lines,   // the same, of one whose fields may have line breaks: they become CR LF
    number,
    date,
    message_id,
    recipient,
    sender,
    random_word,
    random_number,
    // What has to do with header fields.
    from,           // puts a line "From:"
    extra_headers,  // puts those of the run
    begin,          // what is put from here on is one value
    end_text,       // which is unstructured text and ends here: encoded or folded where it needs it
    end_phrase,     // which is a display name: quoted or encoded where that is needed; and a blank
  };

  Does does;
  std::size_t begin = 0;        // of its text in that of the template; of a column, its place
  std::size_t size = 0;         // of its text
  Content::Traits traits = {};  // of what is shared
};

// A template, ready to use. Made by read_template() (mail/template/template_reader.h).
struct Template {
  std::string text;  // that steps refer to; lines end in CR LF
  std::vector<TemplateStep> steps;
  const Csv* fields = nullptr;  // null: no step puts a column
};

// Messages from a template. The row of message n is n modulo the number of rows: a run of as many
// messages as there are rows sends to each of them once, in their order.
class TemplateKind final : public Kind {
 public:
  explicit TemplateKind(Template compiled) : template_(std::move(compiled)) {}

  void make(const MessageFacts& facts, Content& content) const override;

 private:
  const Template template_;
};

}  // namespace millrace::mail
