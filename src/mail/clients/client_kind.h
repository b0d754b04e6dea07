// mail/clients/ is clients that misbehave, as data: their kinds, what those are told, and what they
// do, step by step.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mail/clients/script.h"

namespace millrace::mail {

// What follows the name of a kind, and may be left out.
enum class ClientValue : std::uint8_t {
  none,
  count,
  bytes,  // with K, M
  rate,   // bytes a second
  time,   // with a unit
  end,    // a false end of content: which line ends are around its dot
};

// Content that is made for a script.
enum class Fill : std::uint8_t {
  lines,        // so many bytes of text
  run,          // so many bytes without a line end
  long_header,  // a field of so many bytes, folded
  headers,      // so many fields
  multiparts,   // so many within each other, with their header
  noise,        // so many bytes that nobody means anything by
};

// A row of a script. In its text {helo}, {from}, {to} and {kind} are filled in; {end} is the false
// end of content, and {n} and {guess} are of a repetition. Numbers are 0 for the client's value.
struct ScriptRow {
  Act act = Act::stay;
  std::optional<smtp::Verb> verb = {};
  std::string_view text = {};
  std::uint64_t number = 0;
  std::optional<Fill> fill = {};  // behind the text
  std::uint64_t window = 1;
};

// One kind of client that misbehaves.
struct ClientKind {
  std::string_view name;
  ClientValue value = ClientValue::none;
  std::uint64_t usual = 0;  // the value when none is given; times in ticks of Duration
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  std::span<const ScriptRow> script = {};
};

// All there are.
std::span<const ClientKind> client_kinds();
const ClientKind* find_client_kind(std::string_view name);

// The false ends of content, as users name them: "LF.LF". CRLF.CRLF is the true one.
std::span<const std::string_view> false_ends();

// The name of the ordinary client.
inline constexpr std::string_view kGoodClient = "good";

// Clients of one kind, with its value. One of `bare-lf` without a value takes all ends in turn.
struct ClientBehaviour {
  const ClientKind* kind = nullptr;         // null: the ordinary client
  std::optional<std::uint64_t> value = {};  // of `end`: its place in false_ends()
  std::string text = {};                    // as its user wrote it

  [[nodiscard]] bool good() const { return kind == nullptr; }
};

// Whether such clients ask for TLS by STARTTLS, whatever they do then.
bool says_starttls(const ClientBehaviour& behaviour);

// "KIND [VALUE]". Nothing when it is none, and `why` says what is expected.
std::optional<ClientBehaviour> client_behaviour(std::string_view text, std::string& why);

// One for each script that such clients take in turn: mostly itself alone.
std::vector<ClientBehaviour> variants(const ClientBehaviour& behaviour);

// Who the clients of a run say they are, and whom their mail is for; paths without brackets.
struct ClientIdentity {
  std::string hello_name;
  std::string reverse_path;
  std::string forward_path;
};

// What a client does that misbehaves so. All of its content is made here, once.
Script make_script(const ClientBehaviour& behaviour, const ClientIdentity& identity);

}  // namespace millrace::mail
