#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smtp/verb.h"

namespace millrace::mail {

// What a client that misbehaves does on one connection, step by step. It is data: who plays it
// (source/clients/script_player.h) knows no kind of client.
enum class Act : std::uint8_t {
  say,           // send the text
  repeat,        // send it `number` times, `window` of them unanswered at most. In it {n} is which
                 // time it is, from 1, and {guess} a user and password that differ (RFC 4616)
  await,         // until all that was said is answered. `number`: the first digit that the last of
                 // these replies must have, or the script goes to its farewell; 0: any
  pause,         // for `number` ticks of Duration; the server may hang up
  write_slowly,  // from here on at most `number` bytes a second
  read_slowly,   // from here on look only once a second whether something has come
  secure,        // a TLS handshake
  renegotiate,   // ask for another one
  leave,         // send no more, and say so (FIN); replies are still read
  reset,         // end the connection by RST
  stay,          // until the server hangs up; the last step at least
};

struct Step {
  Act act = Act::stay;
  // What the reply to the text is counted for. Without, `say` has none, and `repeat` is of
  // commands that there are not.
  std::optional<smtp::Verb> verb = {};
  std::string text = {};
  std::uint64_t number = 0;
  std::uint64_t window = 1;
};

struct Script {
  std::vector<Step> steps;
  // Where it goes on when a server does not play along: QUIT, or what it leaves by without.
  std::size_t farewell = 0;
  bool smuggles = false;  // its content hides a transaction behind a false end
  bool reads_slowly = false;
  bool renegotiates = false;  // it needs TLS that can: version 1.2
};

}  // namespace millrace::mail
