#include "mail/template/template_addresses.h"

#include <fmt/format.h>

#include <utility>

namespace millrace::mail {
namespace {

constexpr std::string_view kBlanksAndFolds = " \t\r\n";

// Goes over a list of addresses from its front to its end.
class AddressScanner {
 public:
  AddressScanner(std::size_t begin, std::vector<TemplateMistake>& mistakes)
      : mistakes_(mistakes), name_(begin) {}

  void on_byte(char byte, std::size_t place);
  void on_field(std::size_t place);
  std::vector<TemplateDisplayName> end();

 private:
  // What has begun with one mark and ends with another.
  struct Open {
    char begin = '\0';
    char end = '\0';  // NUL: there is none
    std::size_t place = 0;
  };

  [[nodiscard]] static bool is_open(const Open& open) { return open.end != '\0'; }
  void on_inner(char byte);
  void on_list(char byte, std::size_t place);
  void expect_comma(std::size_t place);
  void expect_end(const Open& open);

  std::vector<TemplateMistake>& mistakes_;
  std::vector<TemplateDisplayName> names_;
  std::size_t name_;        // where the next one begins
  Open angle_;              // the address of a mailbox
  Open inner_;              // quotes or a comment, in such an address or not
  std::size_t depth_ = 0;   // of comments: they nest (RFC 5322, 3.2.2)
  bool escaped_ = false;    // by a backslash
  bool has_ended_ = false;  // a mailbox has, and no comma has come
};

void AddressScanner::on_byte(char byte, std::size_t place) {
  if (is_open(inner_)) return on_inner(byte);
  if (byte == '(') {
    inner_ = {.begin = '(', .end = ')', .place = place};
    depth_ = 1;
  } else if (is_open(angle_)) {
    if (byte == '"') inner_ = {.begin = '"', .end = '"', .place = place};
    if (byte != '>') return;
    angle_ = {};
    name_ = place + 1;
    has_ended_ = true;
  } else {
    on_list(byte, place);
  }
}

// What a backslash escapes may be a field: its value then begins with what is escaped.
void AddressScanner::on_field(std::size_t place) {
  escaped_ = false;
  if (!is_open(inner_) && !is_open(angle_)) expect_comma(place);
}

void AddressScanner::on_inner(char byte) {
  if (std::exchange(escaped_, byte == '\\' && !escaped_)) return;
  if (inner_.begin == '(' && byte == '(') ++depth_;
  if (byte != inner_.end) return;
  if (inner_.begin == '(' && --depth_ > 0) return;
  inner_ = {};
}

void AddressScanner::on_list(char byte, std::size_t place) {
  if (byte == ',' || byte == ';') {
    has_ended_ = false;
    name_ = place + 1;
    return;
  }
  if (kBlanksAndFolds.find(byte) == std::string_view::npos) expect_comma(place);
  if (byte == ':') name_ = place + 1;
  if (byte == '"') inner_ = {.begin = '"', .end = '"', .place = place};
  if (byte == '<') {
    names_.push_back({.begin = name_, .end = place});
    angle_ = {.begin = '<', .end = '>', .place = place};
  }
}

void AddressScanner::expect_comma(std::size_t place) {
  if (!std::exchange(has_ended_, false)) return;
  mistakes_.push_back({place, "text behind a mailbox (expected a comma)"});
}

void AddressScanner::expect_end(const Open& open) {
  if (!is_open(open)) return;
  mistakes_.push_back({open.place, fmt::format("'{}' without '{}'", open.begin, open.end)});
}

std::vector<TemplateDisplayName> AddressScanner::end() {
  expect_end(angle_);
  expect_end(inner_);
  return std::move(names_);
}

}  // namespace

std::vector<TemplateDisplayName> find_display_names(std::string_view text, std::size_t begin,
                                                    std::size_t end,
                                                    std::span<const TemplateField> fields,
                                                    std::vector<TemplateMistake>& mistakes) {
  AddressScanner scanner(begin, mistakes);
  for (std::size_t place = begin; place < end;) {
    if (!fields.empty() && fields.front().begin == place) {
      scanner.on_field(place);
      place = fields.front().end;
      fields = fields.subspan(1);
    } else {
      scanner.on_byte(text[place], place);
      ++place;
    }
  }
  return scanner.end();
}

}  // namespace millrace::mail
