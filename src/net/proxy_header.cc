#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/number.h"
#include "net/address_pool.h"

namespace millrace::net {
namespace {

// The longest line of version 1, with its CR LF.
constexpr std::size_t kLongestLine = 107;

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixedPart = 16;
// Addresses and the values of a generous proxy; the length field would allow 65,535.
constexpr std::size_t kLongestRest = 4'096;

constexpr char kLocal = 0x20;
constexpr char kProxied = 0x21;
constexpr char kUnspecified = 0x00;
constexpr char kTcp4 = 0x11;
constexpr char kTcp6 = 0x21;

void append_big_endian(std::size_t number, std::string& text) {
  text.append({static_cast<char>(number >> 8), static_cast<char>(number & 255)});
}

std::uint16_t big_endian(std::string_view bytes) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 |
                                    static_cast<unsigned char>(bytes[1]));
}

// The address as it is, where SocketAddress::host() shows an IPv4-mapped one as IPv4.
std::string numbers(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.family(), address.bytes().data(), text.data(), text.size());
  return text.data();
}

std::string header_v1(const SocketAddress& source, const SocketAddress& destination) {
  if (source.family() == AF_UNIX) return "PROXY UNKNOWN\r\n";
  std::string line = source.family() == AF_INET ? "PROXY TCP4 " : "PROXY TCP6 ";
  line.append(numbers(source)).append(" ").append(numbers(destination));
  line.append(" ").append(std::to_string(source.port()));
  line.append(" ").append(std::to_string(destination.port()));
  return line.append("\r\n");
}

std::string header_v2(const SocketAddress& source, const SocketAddress& destination) {
  std::string header(kSignature);
  if (source.family() == AF_UNIX) return header.append({kLocal, kUnspecified, 0, 0});
  const bool v4 = source.family() == AF_INET;
  header.append({kProxied, v4 ? kTcp4 : kTcp6});
  append_big_endian(2 * (source.bytes().size() + sizeof(std::uint16_t)), header);
  header.append(source.bytes()).append(destination.bytes());
  append_big_endian(source.port(), header);
  append_big_endian(destination.port(), header);
  return header;
}

std::string_view take_field(std::string_view& line) {
  const std::string_view field = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(field.size() + 1, line.size()));
  return field;
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  const auto port = whole_number(text, 0, 65'535);
  if (!port) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

std::string proxy_header(ProxyVersion version, const SocketAddress& source,
                         const SocketAddress& destination) {
  return version == ProxyVersion::v1 ? header_v1(source, destination)
                                     : header_v2(source, destination);
}

ProxyReader::Result ProxyReader::feed(std::string_view& bytes) {
  // A byte at a time: headers are short, and none of what follows may be taken.
  while (!bytes.empty()) {
    header_ += bytes.front();
    bytes.remove_prefix(1);
    const Result result = header_.front() == 'P' ? read_v1() : read_v2();
    if (result != Result::more) return result;
  }
  return Result::more;
}

ProxyReader::Result ProxyReader::read_v1() {
  constexpr std::string_view kStart = "PROXY ";
  std::string_view line = header_;
  const std::size_t compared = std::min(line.size(), kStart.size());
  if (line.substr(0, compared) != kStart.substr(0, compared)) return Result::bad;
  if (!line.ends_with("\r\n")) return line.size() < kLongestLine ? Result::more : Result::bad;
  line.remove_prefix(kStart.size());
  line.remove_suffix(2);
  const std::string_view protocol = take_field(line);
  if (protocol == "UNKNOWN") return Result::done;
  const int family = protocol == "TCP4" ? AF_INET : protocol == "TCP6" ? AF_INET6 : AF_UNSPEC;
  const std::string_view source = take_field(line);
  const auto destination = numeric_address(take_field(line), 0);
  const auto source_port = port_number(take_field(line));
  const auto destination_port = port_number(take_field(line));
  if (!source_port || !destination_port || !line.empty()) return Result::bad;
  source_ = numeric_address(source, *source_port);
  const bool right =
      source_ && destination && source_->family() == family && destination->family() == family;
  return right ? Result::done : Result::bad;
}

ProxyReader::Result ProxyReader::read_v2() {
  const std::string_view header = header_;
  const std::size_t compared = std::min(header.size(), kSignature.size());
  if (header.substr(0, compared) != kSignature.substr(0, compared)) return Result::bad;
  if (header.size() < kFixedPart) return Result::more;
  const std::size_t rest = big_endian(header.substr(14, 2));
  if (rest > kLongestRest) return Result::bad;
  if (header.size() < kFixedPart + rest) return Result::more;
  const char command = header[12];
  if (command == kLocal) return Result::done;
  if (command != kProxied) return Result::bad;
  const char family = header[13];
  // Another protocol: a receiver takes it as if nothing were said.
  if (family != kTcp4 && family != kTcp6) return Result::done;
  const std::size_t size = family == kTcp4 ? 4 : 16;
  const std::string_view addresses = header.substr(kFixedPart);
  if (addresses.size() < 2 * (size + sizeof(std::uint16_t))) return Result::bad;
  source_ = SocketAddress::from_bytes(addresses.substr(0, size),
                                      big_endian(addresses.substr(2 * size, 2)));
  return Result::done;
}

}  // namespace millrace::net
