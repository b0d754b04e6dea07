#include "sink/rules/glob.h"

#include <algorithm>
#include <array>
#include <bitset>

#include "base/ascii.h"

namespace millrace::sink::rules {
namespace {

constexpr std::size_t kBytes = 256;
constexpr std::size_t kWordBits = 64;
constexpr std::size_t kMostWords = kLongestPattern / kWordBits + 1;

// Whether a text is a literal that is in small letters.
bool same(std::string_view text, std::string_view literal) {
  return std::equal(text.begin(), text.end(), literal.begin(), literal.end(),
                    [](char one, char other) { return lower(one) == other; });
}

// Which bytes a character of the pattern may be.
using Set = std::bitset<kBytes>;

void include(Set& set, unsigned char byte) {
  constexpr unsigned kCase = 'a' - 'A';
  set.set(byte);
  if (byte >= 'a' && byte <= 'z') set.set(byte - kCase);
  if (byte >= 'A' && byte <= 'Z') set.set(byte + kCase);
}

// A pattern taken apart.
struct Parts {
  std::vector<Set> characters;
  std::string literal;                     // the same, where each is itself and no other
  bool plain = true;                       // it is so
  std::bitset<kLongestPattern + 1> stars;  // before which of them stars stand
};

// Takes a pattern apart from its front.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  // What is wrong; empty: nothing.
  std::string_view parse(Parts& parts) {
    while (!rest_.empty() && wrong_.empty()) {
      const char byte = take();
      if (byte == '*') {
        parts.stars.set(parts.characters.size());
      } else if (byte == '?') {
        add(parts, Set().set());
      } else if (byte == '[') {
        add(parts, set());
      } else {
        const char itself = byte == '\\' ? escaped() : byte;
        Set one;
        include(one, static_cast<unsigned char>(itself));
        parts.characters.push_back(one);
        parts.literal += lower(itself);
      }
    }
    return wrong_;
  }

 private:
  static void add(Parts& parts, const Set& set) {
    parts.characters.push_back(set);
    parts.plain = false;
  }

  char take() {
    const char byte = rest_.front();
    rest_.remove_prefix(1);
    return byte;
  }

  char escaped() {
    if (!rest_.empty()) return take();
    wrong_ = "nothing stands behind its last \\";
    return '\\';
  }

  // A character of a set: an 8-bit one would be a part of another (UTF-8).
  unsigned char member() {
    const char byte = take();
    const auto one = static_cast<unsigned char>(byte == '\\' ? escaped() : byte);
    if (one >= 0x80) wrong_ = "a set has characters of ASCII only";
    return one;
  }

  // What stands behind a '[', with the ']'. One that stands first is a member.
  Set set() {
    Set members;
    const bool negated = rest_.starts_with('!') || rest_.starts_with('^');
    if (negated) take();
    bool first = true;
    while (wrong_.empty()) {
      if (rest_.empty()) {
        wrong_ = "a [ has no ], and \\[ stands for itself";
      } else if (rest_.front() == ']' && !first) {
        take();
        break;
      } else {
        range(members);
      }
      first = false;
    }
    return negated ? ~members : members;
  }

  void range(Set& members) {
    const unsigned char from = member();
    unsigned char to = from;
    if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
      take();
      to = member();
      if (to < from) wrong_ = "a range ends before it begins";
    }
    for (unsigned byte = from; byte <= to; ++byte) {
      include(members, static_cast<unsigned char>(byte));
    }
  }

  std::string_view rest_;
  std::string_view wrong_;
};

}  // namespace

std::optional<Glob> Glob::parse(std::string_view text, std::string& why) {
  Parts parts;
  if (text.size() > kLongestPattern) {
    why = "it is longer than 1 KiB";
    return std::nullopt;
  }
  if (const auto wrong = Parser(text).parse(parts); !wrong.empty()) {
    why = wrong;
    return std::nullopt;
  }
  Glob glob;
  const std::size_t length = parts.characters.size();
  const std::size_t stars = parts.stars.count();
  if (parts.plain && stars <= 1 && (stars == 0 || parts.stars[0] || parts.stars[length])) {
    glob.form_ = stars == 0 ? Form::whole : parts.stars[0] ? Form::suffix : Form::prefix;
    glob.literal_ = parts.literal;
    return glob;
  }
  glob.form_ = Form::automaton;
  glob.states_ = length + 1;
  glob.words_ = length / kWordBits + 1;
  glob.takes_.resize(kBytes * glob.words_);
  glob.stays_.resize(glob.words_);
  for (std::size_t state = 0; state <= length; ++state) {
    const std::size_t word = state / kWordBits;
    const std::uint64_t bit = std::uint64_t{1} << state % kWordBits;
    if (parts.stars[state]) glob.stays_[word] |= bit;
    for (std::size_t byte = 0; state < length && byte < kBytes; ++byte) {
      if (parts.characters[state][byte]) glob.takes_[byte * glob.words_ + word] |= bit;
    }
  }
  return glob;
}

bool Glob::matches(std::string_view text) const {
  const std::size_t length = literal_.size();
  switch (form_) {
    case Form::whole:
      return same(text, literal_);
    case Form::prefix:
      return text.size() >= length && same(text.substr(0, length), literal_);
    case Form::suffix:
      return text.size() >= length && same(text.substr(text.size() - length), literal_);
    case Form::automaton:
      break;
  }
  return automaton_matches(text);
}

// All states at once (Shift-And, by Baeza-Yates and Gonnet): a byte moves those on that take it,
// and leaves those where a star stands. One word is what nearly all have.
bool Glob::automaton_matches(std::string_view text) const {
  return words_ == 1 ? word_matches(text) : words_match(text);
}

bool Glob::word_matches(std::string_view text) const {
  std::uint64_t states = 1;
  for (const char byte : text) {
    const std::uint64_t moved = states & takes_[static_cast<unsigned char>(byte)];
    states = moved << 1 | (states & stays_[0]);
    if (states == 0) return false;
  }
  return (states >> (states_ - 1) & 1) != 0;
}

bool Glob::words_match(std::string_view text) const {
  std::array<std::uint64_t, kMostWords> states;
  std::fill_n(states.begin(), words_, 0);
  states[0] = 1;
  for (const char byte : text) {
    const std::uint64_t* const takes = &takes_[static_cast<unsigned char>(byte) * words_];
    std::uint64_t carried = 0;
    std::uint64_t any = 0;
    for (std::size_t word = 0; word < words_; ++word) {
      const std::uint64_t moved = states[word] & takes[word];
      states[word] = moved << 1 | carried | (states[word] & stays_[word]);
      carried = moved >> (kWordBits - 1);
      any |= states[word];
    }
    if (any == 0) return false;
  }
  const std::size_t last = states_ - 1;
  return (states[last / kWordBits] >> last % kWordBits & 1) != 0;
}

}  // namespace millrace::sink::rules
