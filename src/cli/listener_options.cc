#include "cli/listener_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "cli/command_line.h"
#include "cli/sink_arguments.h"
#include "net/endpoint.h"

namespace millrace::cli {
namespace {

constexpr std::string_view kName = ",name=";
constexpr std::string_view kNotInNames(",\r\n\0", 4);

struct Prefix {
  std::string_view word;
  bool ListenerArgument::*field;
};

constexpr Prefix kPrefixes[] = {
    {"tls", &ListenerArgument::tls},
    {"starttls", &ListenerArgument::starttls},
    {"lmtp", &ListenerArgument::lmtp},
    {"proxy", &ListenerArgument::proxy},
};

// What stands before the first '+', unless an endpoint has begun by then: a path may hold one.
std::optional<std::string_view> leading_word(std::string_view text) {
  const std::size_t end = text.find_first_of("+:[/,");
  if (end == std::string_view::npos || text[end] != '+') return std::nullopt;
  return text.substr(0, end);
}

// All but the prefixes: ENDPOINT[,name=NAME]. Says what is wrong with it, or nothing.
const char* read_endpoint(std::string_view text, ListenerArgument& found) {
  const std::size_t comma = std::min(text.rfind(kName), text.size());
  const std::string_view endpoint = text.substr(0, comma);
  found.endpoint = found.name = endpoint;
  if (endpoint.empty()) return "expected [inet:][host]:port or unix:path";
  if (!endpoint.starts_with("unix:") && endpoint.find(',') != std::string_view::npos) {
    return "expected only ,name=NAME behind the endpoint";
  }
  if (comma == text.size()) return nullptr;
  found.name = text.substr(comma + kName.size());
  const bool plain = found.name.find_first_of(kNotInNames) == std::string::npos;
  return found.name.empty() || !plain ? "expected a name without commas in one line" : nullptr;
}

sink::Listener build(const SinkArguments& given, const ListenerArgument& of,
                     const smtp::ServerProfile& common) {
  sink::Listener listener{.name = of.name,
                          .endpoint = net::parse_local(of.endpoint),
                          .profile = common,
                          .tls_from_start = given.tls || of.tls,
                          .expects_proxy_header = of.proxy};
  if (of.lmtp) listener.profile.protocol = smtp::ServerProfile::Protocol::lmtp;
  listener.profile.offered = given.extensions(of);
  return listener;
}

}  // namespace

ListenerArgument read_listener(const std::string& text, std::string_view names) {
  const auto refuse = [&](std::string_view expected) { reject("listener", text, names, expected); };
  ListenerArgument found;
  std::string_view rest = text;
  for (auto word = leading_word(rest); word; word = leading_word(rest)) {
    const auto* const row =
        std::find_if(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](const Prefix& prefix) { return prefix.word == *word; });
    if (row == std::end(kPrefixes)) {
      refuse("expected tls+, starttls+, lmtp+ or proxy+ before the endpoint");
    }
    if (std::exchange(found.*(row->field), true)) refuse(fmt::format("{}+ is there twice", *word));
    rest.remove_prefix(word->size() + 1);
  }
  if (found.tls && found.starttls) refuse("tls+ and starttls+ exclude each other");
  if (const char* const wrong = read_endpoint(rest, found)) refuse(wrong);
  return found;
}

std::vector<sink::Listener> build_listeners(const SinkArguments& given,
                                            const smtp::ServerProfile& common) {
  std::vector<sink::Listener> listeners;
  for (const ListenerArgument& one : given.listeners()) {
    for (const sink::Listener& other : listeners) {
      if (other.name != one.name) continue;
      throw Fatal(
          fmt::format("two listeners are named {}: names must differ (--listen {},name=NAME)",
                      beginning(one.name), beginning(one.endpoint)));
    }
    listeners.push_back(build(given, one, common));
  }
  return listeners;
}

std::vector<ListenerArgument> SinkArguments::listeners() const {
  std::vector<ListenerArgument> all;
  if (!endpoint.empty()) all.push_back({.endpoint = endpoint, .name = endpoint});
  all.insert(all.end(), listen.begin(), listen.end());
  return all;
}

bool SinkArguments::uses_tls() const {
  const auto all = listeners();
  return std::any_of(all.begin(), all.end(), [this](const ListenerArgument& one) {
    return tls || one.tls || extensions(one).has(smtp::Extension::starttls);
  });
}

bool SinkArguments::listens_for_starttls() const {
  return std::any_of(listen.begin(), listen.end(),
                     [](const ListenerArgument& one) { return one.starttls; });
}

}  // namespace millrace::cli
