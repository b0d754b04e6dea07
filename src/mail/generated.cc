#include "mail/generated.h"

#include <fmt/format.h>

#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

constexpr std::string_view kPlaceholder = "[gen]";

std::string generate(std::string_view name, std::uint64_t number) {
  constexpr std::uint64_t kAddresses = 1 << 17;
  constexpr std::uint64_t kFirstPort = 1'024;
  constexpr std::uint64_t kPorts = 65'536 - kFirstPort;
  if (smtp::same_keyword(name, "ADDR") || smtp::same_keyword(name, "DESTADDR")) {
    const std::uint64_t host = number % kAddresses;
    return fmt::format("198.{}.{}.{}", 18 + (host >> 16), host >> 8 & 255, host & 255);
  }
  if (smtp::same_keyword(name, "PORT") || smtp::same_keyword(name, "DESTPORT")) {
    return std::to_string(kFirstPort + number % kPorts);
  }
  if (smtp::same_keyword(name, "LOGIN")) return fmt::format("user{}", number + 1);
  if (smtp::same_keyword(name, "IDENT")) return fmt::format("{:X}", number + 1);
  return fmt::format("client{}.example.com", number + 1);
}

}  // namespace

std::string fill_generated(std::string_view attributes, std::uint64_t number) {
  std::string filled;
  for (;;) {
    const std::size_t place = attributes.find(kPlaceholder);
    filled.append(attributes.substr(0, place));
    if (place == std::string_view::npos) return filled;
    std::string_view name = attributes.substr(0, place);
    if (!name.empty() && name.back() == '=') name.remove_suffix(1);
    name.remove_prefix(name.find_last_of(smtp::kBlanks) + 1);
    filled.append(generate(name, number));
    attributes.remove_prefix(place + kPlaceholder.size());
  }
}

}  // namespace millrace::mail
