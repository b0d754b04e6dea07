#include "sink/rules/reply_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "smtp/keyword.h"
#include "smtp/path.h"

namespace millrace::sink::rules {
namespace {

constexpr std::size_t kLongestLine = 512 - 2;  // RFC 5321, 4.5.3.1.5, without CR LF
constexpr std::size_t kCodeLength = 4;         // with what follows it
constexpr std::size_t kMostLines = 100;

// In the order of the fields.
constexpr std::array<std::string_view, 8> kFields = {"client", "helo", "sender", "recipient",
                                                     "domain", "size", "rule",   "count"};

constexpr bool digit(char byte) { return byte >= '0' && byte <= '9'; }

// "450 text", "450-text" or "450": a code, as a line may begin with.
bool begins_with_code(std::string_view line) {
  return is_reply_code(line.substr(0, 3)) && (line.size() == 3 || line[3] == ' ' || line[3] == '-');
}

// The {n} that a line begins with in place of a code; 0: none.
std::size_t code_group(std::string_view line) {
  const bool group = line.size() >= 3 && line[0] == '{' && line[1] >= '1' && line[1] <= '9' &&
                     line[2] == '}' && (line.size() == 3 || line[3] == ' ');
  return group ? static_cast<std::size_t>(line[1] - '0') : 0;
}

std::string_view behind_code(std::string_view line) {
  return line.substr(std::min(line.size(), kCodeLength));
}

std::string_view first_recipient(const Facts& facts) {
  if (!facts.recipient.empty() || facts.recipients.empty()) return facts.recipient;
  return facts.recipients.front();
}

std::string_view domain_of(std::string_view recipient) {
  const std::string_view domain = smtp::split_mailbox(recipient).domain;
  return domain.substr(std::min<std::size_t>(domain.size(), 1));
}

// What a field stands for.
std::string value_of(ReplyText::Field field, const Facts& facts, const ReplyText::Match& match) {
  using Field = ReplyText::Field;
  switch (field) {
    case Field::client:
      return std::string(facts.client_text);
    case Field::helo:
      return std::string(facts.helo);
    case Field::sender:
      if (!facts.sender) return {};
      return facts.sender->empty() ? "<>" : std::string(*facts.sender);
    case Field::recipient:
      return std::string(first_recipient(facts));
    case Field::domain:
      return std::string(domain_of(first_recipient(facts)));
    case Field::size:
      return facts.size ? std::to_string(*facts.size) : std::string();
    case Field::rule:
      return std::string(match.rule);
    case Field::count:
      return std::to_string(match.count);
  }
  return {};
}

std::string_view group_value(std::size_t group, const ReplyText::Match& match) {
  if (match.groups == nullptr || group >= match.groups->size()) return {};
  return (*match.groups)[group];
}

// What others said, as a reply may say it to everybody (RFC 5321, 4.2): in one line of ASCII, and
// no longer than `room`, which it takes its length of.
void append_said(std::string& out, std::string_view said, std::size_t& room) {
  said = said.substr(0, room);
  for (const char byte : said) {
    const bool shown = !is_control(byte) && static_cast<unsigned char>(byte) < 0x80;
    out += shown ? byte : '?';
  }
  room -= said.size();
}

}  // namespace

bool is_reply_code(std::string_view text) {
  return text.size() == 3 && text[0] >= '2' && text[0] <= '5' && text[1] >= '0' && text[1] <= '5' &&
         digit(text[2]);
}

std::string_view enhanced_code(std::string_view text) {
  const std::string_view code = text.substr(0, text.find(' '));
  constexpr std::string_view kClasses = "245";
  if (code.size() < 5 || kClasses.find(code[0]) == std::string_view::npos || code[1] != '.') {
    return {};
  }
  const std::size_t dot = code.find('.', 2);
  if (dot == std::string_view::npos) return {};
  const auto number = [](std::string_view digits) {
    return !digits.empty() && digits.size() <= 3 &&
           std::all_of(digits.begin(), digits.end(), digit);
  };
  return number(code.substr(2, dot - 2)) && number(code.substr(dot + 1)) ? code
                                                                         : std::string_view();
}

// What a name in braces stands for.
std::optional<ReplyText::Part> ReplyText::placeholder(std::string_view name) {
  const auto* const field = std::find(kFields.begin(), kFields.end(), name);
  if (field != kFields.end()) return static_cast<Field>(field - kFields.begin());
  if (name.size() != 1 || name[0] < '1' || name[0] > '9') return std::nullopt;
  return Group{static_cast<std::size_t>(name[0] - '0')};
}

std::string_view ReplyText::placeholder_in(std::string_view text) {
  for (std::size_t begin = text.find('{'); begin != std::string_view::npos;
       begin = text.find('{', begin + 1)) {
    const std::size_t end = text.find('}', begin);
    if (end == std::string_view::npos) break;
    const std::string_view name = text.substr(begin + 1, end - begin - 1);
    if (placeholder(name)) return text.substr(begin, name.size() + 2);
  }
  return {};
}

bool ReplyText::parse_line(std::string_view text, Line& line, std::string& why) {
  std::string literal;
  std::size_t length = kCodeLength;  // of all that is not filled in
  while (!text.empty()) {
    const char byte = text.front();
    const bool brace = byte == '{' || byte == '}';
    const bool doubled = brace && text.size() >= 2 && text[1] == byte;
    if (is_control(byte) && byte != '\t') {
      why = "a control character; raw sends such";
      return false;
    }
    if (!brace || doubled) {
      literal += byte;
      ++length;
      text.remove_prefix(doubled ? 2 : 1);
      continue;
    }
    const std::size_t end = byte == '{' ? text.find('}') : std::string_view::npos;
    if (end == std::string_view::npos) {
      why = fmt::format("a {0} without the other; {0}{0} stands for itself", byte);
      return false;
    }
    auto part = placeholder(text.substr(1, end - 1));
    if (!part) {
      why = fmt::format("in braces only {} and 1 to 9", fmt::join(kFields, ", "));
      return false;
    }
    if (!literal.empty()) line.emplace_back(std::exchange(literal, {}));
    line.push_back(std::move(*part));
    text.remove_prefix(end + 1);
  }
  if (!literal.empty()) line.emplace_back(std::move(literal));
  if (length > kLongestLine) why = "a line is longer than 512 bytes";
  return length <= kLongestLine;
}

std::optional<ReplyText> ReplyText::parse(const std::vector<std::string>& lines, std::string& why) {
  if (lines.empty() || lines.size() > kMostLines) {
    why = fmt::format("1 to {} lines", kMostLines);
    return std::nullopt;
  }
  ReplyText reply;
  reply.code_group_ = code_group(lines[0]);
  const bool fixed_code =
      is_reply_code(lines[0].substr(0, 3)) && (lines[0].size() == 3 || lines[0][3] == ' ');
  if (reply.code_group_ == 0 && !fixed_code) {
    why = "as 450 4.7.1 Try again later; raw sends what is no reply";
    return std::nullopt;
  }
  if (reply.code_group_ == 0) reply.code_ = lines[0].substr(0, 3);
  const std::string enhanced(enhanced_code(behind_code(lines[0])));
  for (const std::string& line : lines) {
    const bool first = &line == &lines.front();
    const bool coded = first || begins_with_code(line) || code_group(line) != 0;
    const bool same = reply.code_group_ == 0 ? line.starts_with(reply.code_)
                                             : code_group(line) == reply.code_group_;
    if (coded && !same) {
      why = "all lines of a reply have one code";
      return std::nullopt;
    }
    std::string text;
    if (!coded && !enhanced.empty() && enhanced_code(line).empty()) {
      text.append(enhanced).append(" ");
    }
    text += coded ? behind_code(line) : line;
    if (!parse_line(text, reply.lines_.emplace_back(), why)) return std::nullopt;
  }
  const bool fixed = std::all_of(reply.lines_.begin(), reply.lines_.end(), [](const Line& line) {
    return std::all_of(line.begin(), line.end(),
                       [](const Part& part) { return std::holds_alternative<std::string>(part); });
  });
  if (fixed && reply.code_group_ == 0) {
    reply.fixed_ = smtp::given_reply(reply.fill(reply.code_, {}, {}));
  }
  return reply;
}

ReplyText ReplyText::raw(std::string bytes) {
  ReplyText reply;
  reply.fixed_ = smtp::given_reply(std::move(bytes));
  return reply;
}

std::string ReplyText::fill(std::string_view code, const Facts& facts, const Match& match) const {
  std::string out;
  for (const Line& line : lines_) {
    std::size_t room = kLongestLine - kCodeLength;
    for (const Part& part : line) {
      if (const auto* literal = std::get_if<std::string>(&part)) room -= literal->size();
    }
    out += code;
    if (&line != &lines_.back()) {
      out += '-';
    } else if (!line.empty()) {
      out += ' ';
    }
    for (const Part& part : line) {
      if (const auto* literal = std::get_if<std::string>(&part)) {
        out += *literal;
      } else if (const auto* field = std::get_if<Field>(&part)) {
        append_said(out, value_of(*field, facts, match), room);
      } else {
        append_said(out, group_value(std::get<Group>(part).number, match), room);
      }
    }
    out += "\r\n";
  }
  return out;
}

smtp::GivenReply ReplyText::compose(const Facts& facts, const Match& match) const {
  if (fixed_) return fixed_;
  if (code_group_ == 0) return smtp::given_reply(fill(code_, facts, match));
  const std::string_view code = group_value(code_group_, match);
  if (is_reply_code(code) && code[0] != '3') return smtp::given_reply(fill(code, facts, match));
  std::string refusal = "451 4.3.0 No reply code: ";
  std::size_t room = kLongestLine - refusal.size();
  append_said(refusal, code, room);
  return smtp::given_reply(std::move(refusal) + "\r\n");
}

std::size_t ReplyText::groups() const {
  std::size_t largest = code_group_;
  for (const Line& line : lines_) {
    for (const Part& part : line) {
      if (const auto* group = std::get_if<Group>(&part)) {
        largest = std::max(largest, group->number);
      }
    }
  }
  return largest;
}

bool ReplyText::names(Field field) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
    return std::any_of(line.begin(), line.end(), [&](const Part& part) {
      const auto* named = std::get_if<Field>(&part);
      return named != nullptr && *named == field;
    });
  });
}

}  // namespace millrace::sink::rules
