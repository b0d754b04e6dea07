// The client's side of AUTH against a server that says what it likes, and both sides against each
// other where some of what passes is tampered with. Lines of the input are what the server says;
// '%' stands for the client's last words, so that a nonce comes back.
#include <string>

#include "base64.h"
#include "pieces.h"
#include "sasl/client.h"
#include "sasl/mechanisms.h"
#include "sasl/server.h"
#include "smtp/keyword.h"

using namespace millrace;
using Kind = smtp::AuthenticationStep::Kind;

namespace {

constexpr int kMostSteps = 20;

// The part of a SCRAM message behind "r=", or all of it.
std::string nonce_in(std::string_view base64) {
  const std::string words = sasl::decode_base64(base64).value_or("");
  const std::size_t begin = words.find("r=");
  if (begin == std::string::npos) return words;
  return words.substr(begin + 2, words.find(',', begin) - begin - 2);
}

std::string filled_in(std::string_view line, const std::string& nonce) {
  std::string text;
  for (const char byte : line) {
    if (byte == '%') {
      text += nonce;
    } else {
      text += byte;
    }
  }
  return text;
}

void against_input(sasl::Client& client, std::string_view rest) {
  auto response = client.begin();
  const std::string nonce = nonce_in(response.value_or(""));
  for (int steps = 0; response || steps == 0; ++steps) {
    if (rest.empty() || steps == kMostSteps) return;
    // The first letter: whether the line is given as it is, or in Base64 as it should be.
    const std::string_view line = smtp::take_word(rest, "\n");
    const bool raw = !line.empty() && line[0] == '!';
    const std::string words = filled_in(line.substr(raw ? 1 : 0), nonce);
    response = client.respond(raw ? words : fuzz::base64(words));
    if (response) fuzz::require(response->find_first_of("\r\n") == std::string::npos);
  }
}

// Changes a byte of the plain text as the input says; returns whether it did.
bool tamper(std::string& base64, std::string_view& script) {
  if (script.size() < 3) return false;
  const bool wanted = (script[0] & 1) != 0;
  const auto place = static_cast<unsigned char>(script[1]);
  const char with = script[2];
  script.remove_prefix(3);
  auto words = sasl::decode_base64(base64);
  if (!wanted || !words || words->empty()) return false;
  char& byte = (*words)[place % words->size()];
  if (byte == with) return false;
  byte = with;
  base64 = fuzz::base64(*words);
  return true;
}

void against_each_other(sasl::Client& client, sasl::Server& server, bool knows,
                        std::string_view script) {
  bool tampered = false;
  auto response = client.begin();
  smtp::AuthenticationStep step = server.begin(client.mechanism(), response);
  for (int steps = 0; step.kind == Kind::challenge; ++steps) {
    fuzz::require(steps < kMostSteps);
    tampered |= tamper(step.challenge, script);
    response = client.respond(step.challenge);
    if (!response) break;
    tampered |= tamper(*response, script);
    step = server.respond(*response);
  }
  if (!knows) fuzz::require(step.kind != Kind::accepted);
  if (knows && !tampered) fuzz::require(step.kind == Kind::accepted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sasl::Library library = sasl::open_library();
  static const sasl::User ann{"ann", "a password that no fuzzer finds"};
  static const sasl::User mallory{"ann", "another"};
  static const sasl::UserTable table({ann});
  if (size < 2) return 0;
  std::string_view names = sasl::kMechanisms;
  std::string_view mechanism = smtp::take_word(names);
  for (int skip = (data[0] >> 2) % 7; skip > 0 && !names.empty(); --skip) {
    mechanism = smtp::take_word(names);
  }
  const bool knows = (data[0] & 2) != 0;
  sasl::Client client(library.get(), mechanism, knows ? ann : mallory);
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 1) != 0) {
    sasl::Server server(library.get(), table);
    against_each_other(client, server, knows, rest);
  } else {
    against_input(client, rest);
  }
  return 0;
}
