#include "sink/control/message_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "sink/answers/header_fields.h"
#include "sink/control/encoded_words.h"
#include "sink/control/json_values.h"

namespace millrace::sink {
namespace {

using nlohmann::json;

// What is beyond the limit is left out, whole characters of UTF-8.
void shorten(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  while (limit > 0 && (text[limit] & 0xc0) == 0x80) --limit;
  text.resize(limit);
}

std::vector<HeaderField> header_fields_of(const RememberedMessage& message) {
  if (!message.content) return {};
  return header_fields(std::string_view(*message.content).substr(0, kHeaderLookedThrough));
}

json client_json(const KeptClient& client) {
  return {{"address", text_json(client.address)},
          {"port", client.port},
          {"name", text_json(client.name)},
          {"login", text_json(client.login)},
          {"helo", text_json(client.helo)}};
}

json tls_json(const KeptClient& client) {
  if (client.tls_version.empty()) return nullptr;
  return {{"version", client.tls_version}, {"cipher", client.tls_cipher}};
}

}  // namespace

std::string subject_of(const RememberedMessage& message) {
  std::string subject = decode_words(first_value(header_fields_of(message), "Subject"));
  shorten(subject, kLongestSubject);
  return subject;
}

json summary_json(const RememberedMessage& message, std::size_t most_recipients) {
  json recipients = json::array();
  for (const std::string& recipient : message.recipients) {
    if (recipients.size() == most_recipients) break;
    recipients.push_back(text_json(recipient));
  }
  return {{"id", message.id},
          {"time", wall_text(message.time)},
          {"listener", text_json(message.listener)},
          {"client", client_json(message.client)},
          {"protocol", message.client.protocol},
          {"tls", tls_json(message.client)},
          {"sender", text_json(message.sender)},
          {"mail_parameters", text_json(message.mail_parameters)},
          {"recipients", std::move(recipients)},
          {"recipient_count", message.recipients.size()},
          {"size", message.size},
          {"sha256", fmt::format("{:02x}", fmt::join(message.hash, ""))},
          {"subject", text_json(subject_of(message))}};
}

json message_json(const RememberedMessage& message) {
  json told = summary_json(message, message.recipients.size());
  json header = json::array();
  for (const HeaderField& field : header_fields_of(message)) {
    header.push_back({{"name", text_json(field.name)}, {"value", text_json(field.value)}});
  }
  told["header"] = std::move(header);
  return told;
}

std::string messages_text(const std::vector<Remembered>& messages, const MessagesFound& counts,
                          const MessagesBounds& bounds) {
  std::vector<std::string> told;  // the latest first
  std::size_t bytes = 0;
  std::uint64_t oldest = 0;
  for (std::size_t left = messages.size(); left > 0; --left) {
    const RememberedMessage& message = *messages[left - 1];
    std::string text = summary_json(message, bounds.recipients).dump();
    bytes += text.size();
    if (bytes > bounds.bytes) break;
    told.push_back(std::move(text));
    oldest = message.number;
  }
  std::reverse(told.begin(), told.end());
  return fmt::format(R"({{"messages":[{}],"found":{},"kept":{},"before":{}}})",
                     fmt::join(told, ","), counts.found, counts.kept,
                     told.size() < counts.up_to_here ? std::to_string(oldest) : "null");
}

}  // namespace millrace::sink
