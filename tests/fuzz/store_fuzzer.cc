// Any messages in every form that they are kept in: a reader that knows the form alone finds all of
// them, whole and in their order, and nothing that a client said is a line of the sink's own.
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base64.h"
#include "pieces.h"
#include "sink/store/append_store.h"
#include "sink/store/folder_store.h"
#include "sink/store/memory_store.h"
#include "sink/store/message_forms.h"
#include "sink/store/stored_text.h"
#include "smtp/keyword.h"

using namespace millrace;
using namespace millrace::sink;
using nlohmann::json;

namespace {

using Messages = std::vector<std::unique_ptr<KeptMessage>>;

// A directory in memory, for as long as the program runs.
struct Scratch {
  Scratch() {
    fuzz::require(mkdtemp(path.data()) != nullptr);
    for (const char* const folder : {"/maildir/new", "/maildir/tmp", "/eml"}) {
      std::filesystem::create_directories(path + folder);
    }
  }
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string path = "/dev/shm/millrace-store-XXXXXX";
};

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string content_of(const KeptMessage& message) {
  std::string text;
  fuzz::require(message.content.visit([&text](std::string_view piece) {
    text.append(piece);
    return 0;
  }) == 0);
  return text;
}

// What the input says of one message: words, then the content.
std::unique_ptr<KeptMessage> message_of(std::string_view input, std::size_t piece,
                                        const std::string& directory, std::size_t number) {
  const auto word = [&input] {
    return std::string(smtp::take_word(input, std::string_view("\0", 1)));
  };
  auto message = std::make_unique<KeptMessage>();
  message->id = "1.M2P3Q" + std::to_string(number);
  message->host_name = "sink.test";
  message->client.protocol = "ESMTP";
  message->sender = word();
  message->client.helo = word();
  message->client.name = word();
  message->client.login = word();
  message->mail_parameters = word();
  for (auto left = message->sender.size() % 3; left > 0; --left) {
    message->recipients.push_back(word());
  }
  if (!input.empty()) input.remove_prefix(1);  // any content may follow, NULs too
  message->content.begin(directory, 1 << 20);
  for (std::string_view rest = input; !rest.empty();) {
    const std::string_view next = rest.substr(0, piece);
    message->content.append(next);
    rest.remove_prefix(next.size());
  }
  fuzz::require(content_of(*message) == input);
  EVP_Digest(input.data(), input.size(), message->hash.data(), nullptr, EVP_sha256(), nullptr);
  return message;
}

// What a file of Unix has of a content.
std::string unix_text(std::string_view content) {
  std::string text;
  for (std::size_t at = 0; at < content.size(); ++at) {
    if (content.substr(at, 2) != "\r\n") text += content[at];
  }
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

// Takes the next line off the front of `text`; `end` is the file's line end.
std::string_view take_line(std::string_view& text, std::string_view end) {
  const std::size_t length = text.find(end);
  fuzz::require(length != std::string_view::npos);
  const std::string_view line = text.substr(0, length);
  text.remove_prefix(length + end.size());
  fuzz::require(line.find_first_of("\r\n") == std::string_view::npos);
  return line;
}

// Behind what the sink says of a message stands its content, or an empty line and then the content,
// where that would go on with the last of the sink's fields.
void check_text(std::string_view text, const KeptMessage& message, std::string_view end,
                std::string_view content) {
  fuzz::require(take_line(text, end).starts_with("Return-Path: <"));
  for (std::size_t left = message.recipients.size(); left > 0; --left) {
    fuzz::require(take_line(text, end).starts_with("X-Original-To: "));
  }
  fuzz::require(take_line(text, end).starts_with("Received: from "));
  fuzz::require(take_line(text, end).starts_with("\tby sink.test "));
  fuzz::require(take_line(text, end).starts_with("\t"));
  const bool folds = content.starts_with(' ') || content.starts_with('\t');
  if (folds) fuzz::require(take_line(text, end).empty());
  fuzz::require(text == content);
}

// mboxrd: a message begins with "From ", and a line like that in it has a '>' more.
std::vector<std::string> read_mbox(std::string_view text) {
  std::vector<std::string> messages;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    fuzz::require(end != std::string_view::npos);
    std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(line.size());
    if (line.starts_with("From ")) {
      messages.emplace_back();
      continue;
    }
    const std::size_t quotes = std::min(line.find_first_not_of('>'), line.size());
    if (quotes > 0 && line.substr(quotes).starts_with("From ")) line.remove_prefix(1);
    fuzz::require(!messages.empty());
    messages.back().append(line);
  }
  for (std::string& message : messages) {  // the empty line that ends it
    fuzz::require(message.ends_with("\n\n"));
    message.pop_back();
  }
  return messages;
}

// A text, or what has no form as a text.
void check_member(const json& member, std::string_view text) {
  if (member.is_string()) {
    fuzz::require(member.get<std::string>() == text);
  } else {
    fuzz::require(member.size() == 1 && member.at("base64") == fuzz::base64(text));
  }
}

void check_json(std::string_view text, const Messages& messages, bool with_content) {
  for (const auto& message : messages) {
    const json line = json::parse(take_line(text, "\n"));
    const std::string content = content_of(*message);
    fuzz::require(line.at("id") == message->id && line.at("size") == content.size());
    std::array<unsigned char, 32> hash{};
    EVP_Digest(content.data(), content.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
    std::string digits;
    for (const unsigned char byte : hash) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      digits += kDigits[byte / 16U];
      digits += kDigits[byte % 16U];
    }
    fuzz::require(line.at("sha256") == digits);
    check_member(line.at("sender"), message->sender);
    check_member(line.at("mail_parameters"), message->mail_parameters);
    check_member(line.at("client").at("helo"), message->client.helo);
    check_member(line.at("client").at("name"), message->client.name);
    check_member(line.at("client").at("login"), message->client.login);
    fuzz::require(line.at("recipients").size() == message->recipients.size());
    for (std::size_t place = 0; place < message->recipients.size(); ++place) {
      check_member(line.at("recipients").at(place), message->recipients[place]);
    }
    fuzz::require(line.contains("message") == with_content);
    if (with_content) check_member(line.at("message"), content);
  }
  fuzz::require(text.empty());
}

void check_memory(const MessageMemory& memory, const Messages& messages) {
  const std::vector<Remembered> all = memory.all();
  fuzz::require(all.size() == messages.size());
  for (std::size_t place = 0; place < messages.size(); ++place) {
    fuzz::require(all[place]->content == content_of(*messages[place]));
    fuzz::require(all[place]->sender == messages[place]->sender);
    fuzz::require(all[place]->recipients == messages[place]->recipients);
  }
}

void add(Store& store, KeptMessages messages) {
  fuzz::require(store.add(messages) == 0 && store.give_names() == 0);
  store.keep();
}

// What is in a file that messages were appended to, which is empty again then.
std::string appended(AppendFile& file, MessageForm form, const Messages& messages) {
  AppendStore store("store", file, form);
  for (const auto& message : messages) {  // each in its turn, as sessions come
    add(store, std::span(&message, 1));
  }
  const std::string text = file_text(file.path());
  fuzz::require(truncate(file.path().c_str(), 0) == 0);
  return text;
}

// Messages of a folder, each of them in a file that is its own, and nothing else.
void check_folder(const FolderLayout& layout, MessageForm form, const Messages& messages,
                  std::string_view end, std::string (*text_of)(std::string_view content)) {
  FolderStore store("store", layout, form, false);
  add(store, messages);
  const auto files = std::filesystem::directory_iterator(layout.directory);
  const auto count =
      static_cast<std::size_t>(std::distance(begin(files), std::filesystem::end(files)));
  fuzz::require(count == messages.size());
  for (const auto& message : messages) {
    const std::string path = layout.directory + message->id + layout.suffix;
    check_text(file_text(path), *message, end, text_of(content_of(*message)));
    fuzz::require(unlink(path.c_str()) == 0);
  }
}

std::string as_it_is(std::string_view content) { return std::string(content); }

// However content is cut, the same is written of it.
void check_pieces(std::string_view content, std::size_t piece) {
  UnixText lines(UnixText::From::as_it_is);
  std::string text;
  for (std::string_view rest = content; !rest.empty();) {
    const std::string_view next = rest.substr(0, piece);
    lines.take(next, text);
    rest.remove_prefix(next.size());
  }
  lines.finish(text);
  fuzz::require(text == unix_text(content));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  static AppendFile mbox(scratch.path + "/mbox", AppendFile::Kind::mailbox, false);
  static AppendFile lines(scratch.path + "/lines", AppendFile::Kind::lines, false);
  static const FolderLayout maildir = maildir_layout(scratch.path + "/maildir");
  static const FolderLayout eml = eml_layout(scratch.path + "/eml");
  static const bool prepared = (mbox.prepare(), lines.prepare(), true);
  if (size < 2 || !prepared) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t piece = std::max<std::size_t>(1, data[0]);
  const std::size_t first = input.size() * data[1] / 255;  // the rest is the second message
  Messages messages;
  messages.push_back(message_of(input.substr(0, first), piece, scratch.path, 0));
  messages.push_back(message_of(input.substr(first), piece, scratch.path, 1));

  const std::vector<std::string> kept = read_mbox(appended(mbox, write_mbox_message, messages));
  fuzz::require(kept.size() == messages.size());
  for (std::size_t place = 0; place < kept.size(); ++place) {
    const std::string content = content_of(*messages[place]);
    check_text(kept[place], *messages[place], "\n", unix_text(content));
    check_pieces(content, piece);
  }
  check_folder(maildir, write_unix_message, messages, "\n", unix_text);
  check_folder(eml, write_wire_message, messages, "\r\n", as_it_is);
  check_json(appended(lines, write_json_line, messages), messages, false);
  check_json(appended(lines, write_json_line_with_text, messages), messages, true);
  MessageMemory memory(messages.size());
  MemoryStore store("store", memory);
  add(store, messages);
  check_memory(memory, messages);
  return 0;
}
