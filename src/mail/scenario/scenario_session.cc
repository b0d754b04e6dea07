#include "mail/scenario/scenario_session.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mail/scenario/scenario_texts.h"
#include "mail/scenario/scenario_values.h"

namespace millrace::mail {
namespace {

using config::Entry;
using config::KeyReader;

constexpr std::size_t kLongestHelo = 255;  // bytes: a domain (RFC 5321, 4.5.3.1.2)

// Whether all that is in braces is filled in.
bool known_placeholders(std::string_view text) {
  constexpr std::array<std::string_view, 2> kKnown = {"{n}", "{domain}"};
  for (;;) {
    const std::size_t brace = text.find_first_of("{}");
    if (brace == std::string_view::npos) return true;
    text.remove_prefix(brace);
    const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                    [&](std::string_view name) { return text.starts_with(name); });
    if (known == kKnown.end()) return false;
    text.remove_prefix(known->size());
  }
}

// A name goes into a command as it is: only what is visible, and ASCII.
bool visible(char byte) { return byte > ' ' && byte < '\x7f'; }

void read_helo(const Entry& entry, SessionMix& mix) {
  auto text = entry.text();
  if (!text) return;
  const bool good = !text->empty() && text->size() <= kLongestHelo &&
                    std::all_of(text->begin(), text->end(), visible) && known_placeholders(*text);
  if (!good) {
    return entry.reject(*text, "a name, in which {n} and {domain} may stand, as host{n}.{domain}");
  }
  mix.helo = std::move(*text);
}

template <std::optional<double> SessionMix::*kShare>
void read_part(const Entry& entry, SessionMix& mix) {
  mix.*kShare = read_share(entry);
}

constexpr std::array<KeyReader<SessionMix>, 6> kSessionKeys = {{
    {"messages", [](const Entry& entry,
                    SessionMix& mix) { mix.messages = read_distribution(entry, message_counts); }},
    {"tls", read_part<&SessionMix::tls>},
    {"auth", read_part<&SessionMix::auth>},
    {"pipelining", read_part<&SessionMix::pipelining>},
    {"helo", read_helo},
    {"think", [](const Entry& entry,
                 SessionMix& mix) { mix.think = read_distribution(entry, think_times); }},
}};

}  // namespace

SessionMix read_session(const toml::table& table, config::Mistakes& mistakes) {
  SessionMix mix;
  config::read_table(table, "session", kSessionKeys, mix, mistakes);
  return mix;
}

}  // namespace millrace::mail
