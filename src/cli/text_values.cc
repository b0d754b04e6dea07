#include "cli/text_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/diagnostics.h"
#include "base/list.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "smtp/keyword.h"
#include "smtp/path.h"

namespace millrace::cli {
namespace {

bool digit(char byte) { return byte >= '0' && byte <= '9'; }
bool octal(char byte) { return byte >= '0' && byte <= '7'; }

smtp::Verb verb(std::string_view name) {
  const auto found = smtp::find_verb(name);
  if (!found) {
    throw Fatal(fmt::format("unknown command: {} (expected one of {})", beginning(name),
                            fmt::join(smtp::kVerbKeywords, ", ")));
  }
  return *found;
}

}  // namespace

std::string some_text(const std::string& text, std::string_view names) {
  if (text.empty()) reject("value", text, names, "expected one that is not empty");
  return text;
}

std::string journal_file(const std::string& text, std::string_view names) {
  if (text.empty() || text == "-") reject("journal", text, names, "expected the name of a file");
  return text;
}

std::string alternatives(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view& word : words) {
    const bool last = &word == &words.back();
    if (!text.empty()) text += last ? " or " : ", ";
    text += word;
  }
  return text;
}

std::vector<std::string> list_items(const std::string& list, std::string_view names) {
  const auto items = split_list(list);
  if (!items) reject("list", list, names, "an item is empty");
  return {items->begin(), items->end()};
}

std::vector<std::string> list_words(const std::string& list, std::string_view names) {
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  std::vector<std::string> words;
  for (const std::string& item : list_items(list, names)) {
    std::string_view rest = item;
    for (auto word = smtp::take_word(rest, kWhiteSpace); !word.empty();
         word = smtp::take_word(rest, kWhiteSpace)) {
      words.emplace_back(word);
    }
  }
  return words;
}

std::vector<smtp::Verb> verbs(const std::string& list, std::string_view names) {
  std::vector<smtp::Verb> found;
  for (const std::string& word : list_words(list, names)) found.push_back(verb(word));
  return found;
}

std::vector<net::Network> networks(const std::string& list, std::string_view names) {
  const std::vector<std::string> items = list_items(list, names);
  return {items.begin(), items.end()};
}

CommandDelay command_delay(const std::string& text, std::string_view names) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) {
    throw Fatal(fmt::format("invalid command delay argument: {} ({}: expected command:time[:odds])",
                            text, spaced(names)));
  }
  const std::string name = text.substr(0, colon);
  const smtp::Verb verb_of_name = verb(name);
  std::string_view rest = std::string_view(text).substr(colon + 1);
  const std::size_t second = std::min(rest.find(':'), rest.size());
  const auto step = duration(rest.substr(0, second));
  if (!step || *step == Duration::zero()) {
    throw Fatal(fmt::format("non-positive '{}' delay ({}: '{}' is no time, as 2, 0.5 or 250ms)",
                            name, spaced(names), rest.substr(0, second)));
  }
  if (second == rest.size()) return {verb_of_name, sink::rules::fixed(*step)};
  const auto odds = whole_number(rest.substr(second + 1), 1, 99);
  if (!odds) {
    throw Fatal(
        fmt::format("delay odds for '{}' out of range ({}: '{}' is no whole number from 1 to 99)",
                    name, spaced(names), rest.substr(second + 1)));
  }
  return {verb_of_name, sink::rules::Multiple{*step, static_cast<int>(*odds)}};
}

Reader<std::string> single_line(std::string_view what) {
  return [what](const std::string& text, std::string_view names) {
    if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      reject(what, text, names, "expected one line");
    }
    return text;
  };
}

Reader<std::string> reply_line(std::string_view what, char first_digit) {
  return [what, first_digit](const std::string& text, std::string_view names) {
    const bool code = text.size() >= 3 && text[0] == first_digit && digit(text[1]) &&
                      digit(text[2]) && (text.size() == 3 || !digit(text[3]));
    if (!code) {
      reject(what, text, names, fmt::format("expected a reply with a {}xx code", first_digit));
    }
    return single_line(what)(text, names) + "\r\n";
  };
}

std::string host_name(const std::string& text, std::string_view names) {
  if (!smtp::valid_domain(text) && !smtp::valid_address_literal(text)) {
    reject("hostname", text, names, "expected a host name or an [address]");
  }
  return text;
}

Reader<std::uint64_t> byte_count(std::string_view what, std::uint64_t most) {
  return [what, most](const std::string& text, std::string_view names) {
    const auto number = byte_size(text);
    if (!number || *number == 0) {
      reject(what, text, names, "expected a number of bytes, as 4096, 64K or 10M");
    }
    const std::uint64_t bytes = *number;
    if (bytes > most) {
      reject(what, text, names,
             fmt::format("that is {} bytes, at most {} are allowed", bytes, most));
    }
    return bytes;
  };
}

Reader<Duration> time_value(std::string_view what, Duration least) {
  return [what, least](const std::string& text, std::string_view names) {
    using std::chrono::milliseconds;
    const auto value = duration(text);
    if (value && *value >= least) return *value;
    std::string bound;
    if (least > Duration::zero()) bound = " above 0";
    if (least >= milliseconds(1)) bound = fmt::format(" of at least {}ms", least / milliseconds(1));
    reject(what, text, names,
           fmt::format("expected a time{}, as 2, 0.5, 250ms, 10s, 2m or 1h", bound));
  };
}

double message_rate(const std::string& text, std::string_view names) {
  const auto value = per_second(text);
  if (!value || *value <= 0 || *value > kHighestRate) {
    reject("rate", text, names, "expected a number of messages, as 500/s, 3000/m or 100/h");
  }
  return *value;
}

std::string unescape(std::string_view text) {
  constexpr std::string_view kLetters = "abfnrtv";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v";
  std::string plain;
  while (!text.empty()) {
    const char byte = text.front();
    text.remove_prefix(1);
    if (byte != '\\' || text.empty()) {
      plain += byte;
      continue;
    }
    if (octal(text.front())) {
      unsigned value = 0;
      for (int digits = 0; digits < 3 && !text.empty() && octal(text.front()); ++digits) {
        value = value * 8 + static_cast<unsigned>(text.front() - '0');
        text.remove_prefix(1);
      }
      plain += static_cast<char>(value);
      continue;
    }
    const std::size_t letter = kLetters.find(text.front());
    plain += letter == std::string_view::npos ? text.front() : kMeanings[letter];
    text.remove_prefix(1);
  }
  return plain;
}

}  // namespace millrace::cli
