#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sink/store/kept_message.h"

namespace millrace::test {

// A message of a known client at a known time, which is to be kept.
inline std::unique_ptr<sink::KeptMessage> kept_message(std::string_view content,
                                                       std::string id = "1.M2P3Q4") {
  static const std::string directory = std::filesystem::temp_directory_path();
  auto message = std::make_unique<sink::KeptMessage>();
  message->id = std::move(id);
  message->time =
      sink::KeptMessage::Time(std::chrono::seconds(1'764'168'906) + std::chrono::microseconds(42));
  message->listener = "in";
  message->host_name = "sink.test";
  message->client.address = "192.0.2.1";
  message->client.port = 4'000;
  message->client.helo = "client.test";
  message->client.protocol = "ESMTP";
  message->sender = "a@b.test";
  message->recipients = {"c@d.test"};
  message->content.begin(directory, 1 << 30);
  message->content.append(content);
  return message;
}

inline std::vector<std::unique_ptr<sink::KeptMessage>> kept_messages(
    const std::vector<std::string_view>& contents) {
  std::vector<std::unique_ptr<sink::KeptMessage>> messages;
  for (const std::string_view content : contents) {
    messages.push_back(kept_message(content, "1.M2P3Q" + std::to_string(messages.size())));
  }
  return messages;
}

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The names in a directory, sorted.
inline std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace millrace::test
