#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "sink/store/message_forms.h"

namespace millrace::sink {
namespace {

// The longest beginning of a character of UTF-8 that is none yet (RFC 3629, 3).
constexpr std::size_t kPartOfCharacter = 3;

constexpr std::size_t kBase64Group = 3;  // bytes that become four digits

// Appends text in UTF-8 between quotation marks (RFC 8259, 7), which are the caller's.
void append_escaped(std::string_view text, std::string& line) {
  const auto plain = [](char byte) {
    return static_cast<unsigned char>(byte) >= ' ' && byte != '"' && byte != '\\';
  };
  while (!text.empty()) {
    const auto end = std::find_if_not(text.begin(), text.end(), plain);
    line.append(text.begin(), end);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    if (text.empty()) return;
    switch (const char byte = text.front()) {
      case '"':
        line.append("\\\"");
        break;
      case '\\':
        line.append("\\\\");
        break;
      case '\n':
        line.append("\\n");
        break;
      case '\r':
        line.append("\\r");
        break;
      case '\t':
        line.append("\\t");
        break;
      default:
        fmt::format_to(std::back_inserter(line), "\\u{:04x}", static_cast<unsigned char>(byte));
    }
    text.remove_prefix(1);
  }
}

void append_base64(std::string_view bytes, std::string& line) {
  const std::size_t place = line.size();
  line.resize(place + (bytes.size() + kBase64Group - 1) / kBase64Group * 4 + 1);  // and a NUL
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(line.data() + place),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  line.resize(place + static_cast<std::size_t>(length));
}

void append_text(std::string_view text, std::string& line) {
  if (is_utf8(text)) {
    line += '"';
    append_escaped(text, line);
    line += '"';
  } else {
    line.append("{\"base64\":\"");
    append_base64(text, line);
    line.append("\"}");
  }
}

void append_member(std::string_view key, std::string_view text, std::string& line) {
  line.append(key);
  append_text(text, line);
}

// Whether a content is UTF-8, in pieces that may end amid a character.
bool content_is_utf8(const KeptContent& content) {
  constexpr int kNoText = -1;
  std::string rest;
  const int stopped = content.visit([&rest](std::string_view piece) {
    rest.append(piece);
    rest.erase(0, utf8_length(rest));
    return rest.size() > kPartOfCharacter ? kNoText : 0;
  });
  return stopped == 0 && rest.empty();
}

void append_content_escaped(const KeptContent& content, TextTarget& target) {
  target.text() += '"';
  target.fail(content.visit([&target](std::string_view piece) {
    append_escaped(piece, target.text());
    target.passed();
    return 0;
  }));
  target.text() += '"';
}

void append_content_base64(const KeptContent& content, TextTarget& target) {
  target.text().append("{\"base64\":\"");
  std::string rest;  // less than a group
  target.fail(content.visit([&](std::string_view piece) {
    rest.append(piece);
    const std::size_t whole = rest.size() / kBase64Group * kBase64Group;
    append_base64(std::string_view(rest).substr(0, whole), target.text());
    rest.erase(0, whole);
    target.passed();
    return 0;
  }));
  append_base64(rest, target.text());
  target.text().append("\"}");
}

void append_client(const KeptClient& client, std::string& line) {
  append_member(",\"client\":{\"address\":", client.address, line);
  fmt::format_to(std::back_inserter(line), ",\"port\":{}", client.port);
  append_member(",\"name\":", client.name, line);
  append_member(",\"login\":", client.login, line);
  append_member(",\"helo\":", client.helo, line);
  line.append("},\"protocol\":\"").append(client.protocol);
  if (client.tls_version.empty()) {
    line.append("\",\"tls\":null");
  } else {
    append_member("\",\"tls\":{\"version\":", client.tls_version, line);
    append_member(",\"cipher\":", client.tls_cipher, line);
    line += '}';
  }
}

// All but the content, and the end.
void append_facts(const KeptMessage& message, std::string& line) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(message.time);
  fmt::format_to(std::back_inserter(line), "{{\"id\":\"{}\",\"time\":\"{:%FT%T}.{:06}Z\"",
                 message.id, fmt::gmtime(seconds.time_since_epoch().count()),
                 (message.time - seconds).count());
  append_member(",\"listener\":", message.listener, line);
  append_client(message.client, line);
  append_member(",\"sender\":", message.sender, line);
  append_member(",\"mail_parameters\":", message.mail_parameters, line);
  line.append(",\"recipients\":[");
  for (const std::string& recipient : message.recipients) {
    if (&recipient != &message.recipients.front()) line += ',';
    append_text(recipient, line);
  }
  fmt::format_to(std::back_inserter(line), "],\"size\":{},\"sha256\":\"{:02x}\"",
                 message.content.size(), fmt::join(message.hash, ""));
}

}  // namespace

void write_json_line(const KeptMessage& message, TextTarget& target) {
  append_facts(message, target.text());
  target.text().append("}\n");
}

void write_json_line_with_text(const KeptMessage& message, TextTarget& target) {
  append_facts(message, target.text());
  target.text().append(",\"message\":");
  if (content_is_utf8(message.content)) {
    append_content_escaped(message.content, target);
  } else {
    append_content_base64(message.content, target);
  }
  target.text().append("}\n");
}

}  // namespace millrace::sink
