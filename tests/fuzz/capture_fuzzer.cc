// A dump: whatever a client says, each message stands in it once, its header is made of the lines
// that smtp-sink(1) names, and how the bytes came does not matter.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "pieces.h"
#include "sink/capture.h"
#include "smtp/keyword.h"

using namespace millrace;

namespace {

// A directory in memory, for as long as the program runs.
struct Scratch {
  Scratch() { fuzz::require(mkdtemp(path.data()) != nullptr); }
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string path = "/dev/shm/millrace-capture-XXXXXX";
};

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool known_line(std::string_view line) {
  constexpr std::array<std::string_view, 10> kBeginnings = {"X-Client-Addr: ",  "X-Client-Proto: ",
                                                            "X-Client-Name: ",  "X-Client-Port: ",
                                                            "X-Client-Login: ", "X-Helo-Args: ",
                                                            "X-Mail-Args: ",    "X-Rcpt-Args: ",
                                                            "Received: ",       "\t"};
  for (const std::string_view beginning : kBeginnings) {
    if (line.starts_with(beginning)) return true;
  }
  return false;
}

// What the input says of one session: lines, then the content.
struct Words {
  explicit Words(std::string_view rest) {
    session.helo = line(rest);
    session.client_name = line(rest);
    session.client_port = line(rest);
    session.client_login = line(rest);
    mail = line(rest);
    for (auto left = static_cast<unsigned>(mail.size() % 4); left > 0; --left) {
      recipients.push_back(line(rest));
    }
    content = rest;
  }
  static std::string line(std::string_view& rest) {
    return std::string(smtp::take_word(rest, std::string_view("\0", 1)));
  }

  sink::CapturedSession session{.client_address = "127.0.0.1"};
  std::string mail;
  std::vector<std::string> recipients;
  std::string_view content;
};

// Stores one message; returns what the dump holds then.
std::string stored(sink::Capture& capture, const Words& words, smtp::Form form,
                   const std::string& path, std::size_t piece) {
  capture.mail(words.mail, 0, words.session);
  for (const std::string& recipient : words.recipients) capture.recipient(recipient);
  std::string_view rest = words.content;
  do {
    const std::string_view next = rest.substr(0, piece);
    rest.remove_prefix(next.size());
    capture.content(next, form, words.session);
  } while (!rest.empty());
  fuzz::require(capture.complete() == 0);
  std::string text = contents(path);
  fuzz::require(truncate(path.c_str(), 0) == 0);
  // The identifier is drawn anew for each message.
  const std::size_t id = text.find(" id ", text.find("\nReceived: "));
  fuzz::require(id != std::string::npos);
  text.erase(text.rfind(" id ", text.find(";\n\t", id)), 12);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  static const std::string path = scratch.path + "/dump";
  static const sink::CaptureOptions options{.mode = sink::CaptureOptions::Mode::append,
                                            .name_template = path};
  static sink::AppendLog log;
  if (size < 2) return 0;
  const Words words({reinterpret_cast<const char*>(data) + 2, size - 2});
  const smtp::Form form = (data[0] & 1) != 0 ? smtp::Form::dotted : smtp::Form::plain;
  sink::Capture capture(options, "sink.example", &log);
  if ((data[0] & 2) != 0) {  // one that comes to nothing leaves nothing
    capture.mail(words.mail, 0, words.session);
    capture.content(words.content, form, words.session);
    capture.abort();
    fuzz::require(contents(path).empty());
  }
  const std::string whole = stored(capture, words, form, path, std::string::npos);
  const std::size_t piece = std::max<std::size_t>(1, data[1]);
  fuzz::require(whole == stored(capture, words, form, path, piece));
  std::string_view rest = whole;
  std::size_t lines = 0;
  bool received = false;
  while (!received) {  // up to the first line of the trace, which follows all that a client says
    const std::string_view line = rest.substr(0, rest.find('\n'));
    fuzz::require(!line.empty() && known_line(line));
    received = line.starts_with("Received: ");
    rest.remove_prefix(line.size() + 1);
    ++lines;
  }
  fuzz::require(lines <= 8 + words.recipients.size());
  return 0;
}
