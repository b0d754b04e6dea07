#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sink/rules/facts.h"
#include "smtp/server_policy.h"

namespace millrace::sink::rules {

// Whether three digits are a reply code of a success or a refusal (RFC 5321, 4.2.1).
bool is_reply_code(std::string_view text);

// The enhanced status code that a text begins with ("4.7.1"; RFC 3463, 2), or an empty one.
std::string_view enhanced_code(std::string_view text);

// The text of a reply, in which {client} {helo} {sender} {recipient} {domain} {size} {rule}
// {count} and {1} to {9} (groups of a /regex/) stand for what they name; "{{" and "}}" for braces.
// At DATA and later, where no recipient is asked for, the first one is meant.
class ReplyText {
 public:
  enum class Field : std::uint8_t { client, helo, sender, recipient, domain, size, rule, count };

  // What is filled in besides facts.
  struct Match {
    std::string_view rule;
    std::uint64_t count = 0;  // how often the rule has matched, or in an `over` window
    const Groups* groups = nullptr;
  };

  // One line or several, each "450 4.7.1 text": composed as RFC 5321, 4.2.1 has it, code and hyphen
  // before all but the last, CR LF behind each. Lines after the first may leave the code out; then
  // they get the enhanced one as well (RFC 2034, 4). The code is one of [2-5][0-5][0-9], or a
  // placeholder {n}. Nothing when it is no reply; then `why` says what is wrong.
  static std::optional<ReplyText> parse(const std::vector<std::string>& lines, std::string& why);
  // The first placeholder in a text, with its braces; empty where there is none.
  static std::string_view placeholder_in(std::string_view text);
  // Bytes as they are, without placeholders.
  static ReplyText raw(std::string bytes);

  // What it says: the same object each time where nothing is to be filled in. What others said is
  // filled in without control characters and cut, so that no line is longer than 512 bytes
  // (RFC 5321, 4.5.3.1.5). Where the code comes of a group that is none of [245][0-5][0-9], the
  // reply is "451 4.3.0 No reply code: " and what the group says.
  [[nodiscard]] smtp::GivenReply compose(const Facts& facts, const Match& match) const;

  // Its code; empty where a placeholder stands there, and of raw bytes.
  [[nodiscard]] std::string_view code() const { return code_; }
  // The first digit of it; 0 where there is none.
  [[nodiscard]] char first_digit() const { return code_.empty() ? '\0' : code_[0]; }
  // The largest {n} that is named.
  [[nodiscard]] std::size_t groups() const;
  [[nodiscard]] bool names(Field field) const;
  // Whether {recipient} or {domain} is named.
  [[nodiscard]] bool names_recipient() const {
    return names(Field::recipient) || names(Field::domain);
  }

 private:
  struct Group {
    std::size_t number = 0;
  };
  using Part = std::variant<std::string, Field, Group>;
  using Line = std::vector<Part>;  // what stands behind the code and a blank or a hyphen

  static std::optional<Part> placeholder(std::string_view name);
  static bool parse_line(std::string_view text, Line& line, std::string& why);
  [[nodiscard]] std::string fill(std::string_view code, const Facts& facts,
                                 const Match& match) const;

  std::string code_;
  std::size_t code_group_ = 0;  // that the code comes of; 0: none
  std::vector<Line> lines_;     // of raw bytes: none
  smtp::GivenReply fixed_;      // where nothing is to be filled in
};

}  // namespace millrace::sink::rules
