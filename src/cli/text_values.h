#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/number.h"
#include "base/time.h"
#include "cli/command_line.h"
#include "net/address_pool.h"
#include "sink/rules/delay.h"
#include "smtp/verb.h"

namespace millrace::cli {

// "a, b or c".
std::string alternatives(const std::vector<std::string_view>& words);

// Readers (command_line.h) of values with a form of their own. `what`: "bad <what>: <value>".

// A whole number from `least` on.
template <typename Number>
Reader<Number> number(std::string_view what, std::uint64_t least) {
  return [=](const std::string& text, std::string_view names) {
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
    const auto value = whole_number(text, least, kMost);
    if (!value) {
      reject(what, text, names, "expected a whole number, at least " + std::to_string(least));
    }
    return static_cast<Number>(*value);
  };
}

// A text as it is, but not an empty one: a name in a script's variable that is not set.
std::string some_text(const std::string& text, std::string_view names);

// The file of a journal, which is appended to in blocks that are read again: no stream has them.
std::string journal_file(const std::string& text, std::string_view names);

// One of some words, and what it stands for. (CLI11's CheckedTransformer would take the numbers
// of an enumeration as well, and names neither what is wrong nor what is expected as we do.)
template <typename Value>
Reader<Value> one_of(std::string_view what, std::vector<std::pair<std::string_view, Value>> words) {
  return [what, words = std::move(words)](const std::string& text, std::string_view names) {
    std::vector<std::string_view> expected;
    for (const auto& [word, value] : words) {
      if (text == word) return value;
      expected.push_back(word);
    }
    reject(what, text, names, "expected " + alternatives(expected));
  };
}

// The items of a list with commas (base/list.h).
std::vector<std::string> list_items(const std::string& list, std::string_view names);

// The same where white space separates as well.
std::vector<std::string> list_words(const std::string& list, std::string_view names);

// Command names separated by commas or white space, in any case.
std::vector<smtp::Verb> verbs(const std::string& list, std::string_view names);

// "10.0.0.0/8,::1,unix": networks (net/address_pool.h), separated by commas.
std::vector<net::Network> networks(const std::string& list, std::string_view names);

// "CMD:TIME[:ODDS]".
struct CommandDelay {
  smtp::Verb verb;
  sink::rules::Delay delay;
};
CommandDelay command_delay(const std::string& text, std::string_view names);

// A reply whose code starts with `first_digit`; its CR LF is put behind it.
Reader<std::string> reply_line(std::string_view what, char first_digit);

// A value that goes onto the wire as part of a line: no CR, no LF, no NUL.
Reader<std::string> single_line(std::string_view what);

// A host name (RFC 5321, 4.1.2) or an address literal in brackets.
std::string host_name(const std::string& text, std::string_view names);

// A number of bytes, from 1 to `most`: whole, and K, M or G (of 1024) may follow.
Reader<std::uint64_t> byte_count(std::string_view what,
                                 std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

// What a delay or a limit is at least, where nothing would make no sense.
inline constexpr Duration kLeastTime{1};

// A time (base/quantity.h) of at least `least`: a bare number counts seconds.
Reader<Duration> time_value(std::string_view what, Duration least);

// A rate of messages (base/quantity.h), given a second; above 0, and no more than:
inline constexpr double kHighestRate = 1e8;
double message_rate(const std::string& text, std::string_view names);

// Replaces the C escapes \a \b \f \n \r \t \v \ddd and \\; of any other the backslash goes.
std::string unescape(std::string_view text);

}  // namespace millrace::cli
