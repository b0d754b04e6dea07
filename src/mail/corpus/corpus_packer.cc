#include "mail/corpus/corpus_packer.h"

#include <algorithm>

#include "base/utf8.h"
#include "mail/header_fields.h"

namespace millrace::mail {
namespace {

bool has_quoted_from(std::string_view line) {
  if (!line.starts_with('>')) return false;
  const std::size_t from = line.find_first_not_of('>');
  return from != std::string_view::npos && line.substr(from).starts_with("From ");
}

// A message on its way from one form to the other.
class Packer {
 public:
  Packer(std::string_view stored, bool quoted, std::string& out)
      : rest_(stored), quoted_(quoted), out_(out) {}

  void header_without_what_goes() {
    bool kept = false;
    for (bool first = true; !rest_.empty(); first = false) {
      const std::string_view here = rest_;
      const std::string_view line = next_line();
      const std::string_view name = field_name(line);
      if (!first && continues_field(line)) {
        if (kept) put(line);
      } else if (!name.empty()) {
        kept = !goes_when_sent_anew(name);
        if (kept) put(line);
      } else {
        put({});
        if (!line.empty()) rest_ = here;
        return;
      }
    }
  }

  PackedTraits all_that_is_left() {
    while (!rest_.empty()) put(next_line());
    return traits_;
  }

 private:
  // Without its end.
  std::string_view next_line() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    if (end < rest_.size() && line.ends_with('\r')) line.remove_suffix(1);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (quoted_ && has_quoted_from(line)) line.remove_prefix(1);
    return line;
  }

  void put(std::string_view line) {
    if (line.starts_with('.')) traits_.content.dots = Content::Dots::some;
    if (!is_ascii(line)) traits_.content.octets = Content::Octets::eight_bit;
    if (line.size() > kLongestLine) traits_.long_lines = true;
    out_.append(line).append("\r\n");
  }

  std::string_view rest_;
  bool quoted_;
  std::string& out_;
  PackedTraits traits_;
};

}  // namespace

PackedTraits pack(std::string_view stored, CorpusForm form, bool quoted, std::string& out) {
  Packer packer(stored, quoted, out);
  if (form == CorpusForm::fresh) packer.header_without_what_goes();
  return packer.all_that_is_left();
}

}  // namespace millrace::mail
