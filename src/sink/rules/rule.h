// sink/rules/ decides what becomes of commands: rules as users write them (millrace-rules(5)) are
// read and checked (rule_reader.h), compiled into an immutable set (rule_set.h), and asked with
// the facts of a session (facts.h). It knows no session, no socket and no option.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "net/address_pool.h"
#include "sink/rules/delay.h"
#include "sink/rules/moment.h"
#include "sink/rules/pattern.h"
#include "sink/rules/reply_text.h"

namespace millrace::sink::rules {

// Addresses and networks, some of them negated, as Patterns are.
struct Clients {
  std::vector<net::Network> any;
  std::vector<net::Network> none;
};

// Whether the session is under TLS, and which: 12 and 13 are its versions. One that is not negated
// must hold, if there is any such, and none that is.
struct TlsCondition {
  enum class Is : std::uint8_t { off, on, tls12, tls13 };
  std::vector<Is> any;
  std::vector<Is> none;
};

// Whether the client has authenticated, or who it is.
struct Authenticated {
  bool wanted = true;
  std::optional<Patterns> user;  // implies that it has
};

// A size in bytes from `least` to `most`: ">1M" begins one byte above.
struct SizeRange {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

// Of whom something is counted.
enum class Per : std::uint8_t { client, session, sender, recipient, domain, listener, all };

// More than `count` commands that this rule would else match in `window`, which begins with the
// first one of whom it is counted, and is followed by another one: `count` of them pass in each.
struct Over {
  std::uint64_t count = 0;
  Duration window{0};
  Per per = Per::all;
};

// More than `count` sessions are open.
struct SessionsOver {
  std::uint64_t count = 0;
  Per per = Per::all;  // client, listener or all
};

// From `from` to `to` (not with it) since the start, and again each `every`, where that is not 0.
struct During {
  Duration from{0};
  Duration to{Duration::max()};
  Duration every{0};  // at least from `from` to `to`
};

// What must hold, all of it, for a rule to match; what is not given holds.
struct Match {
  Moments moments;  // one at least
  std::optional<Patterns> sender;
  std::optional<Patterns> recipient;  // of several, one must do; and the same one for `domain`
  std::optional<Patterns> domain;     // of the recipient: what stands behind its last '@'
  std::optional<Patterns> helo;
  // A line of the header, without its CR LF; folded ones are one. What is negated no line may be.
  std::optional<Patterns> header;
  std::optional<Patterns> listener;
  std::optional<Clients> client;
  std::optional<TlsCondition> tls;
  std::optional<Authenticated> authenticated;
  std::vector<SizeRange> size;  // any of them; empty: not given
  std::optional<During> during;
  // In this order, when all above hold:
  std::optional<SessionsOver> sessions_over;
  std::uint64_t nth = 0;              // every n-th; 0: not given
  std::optional<double> probability;  // 0 to 1
  std::optional<Over> over;
};

enum class Disconnect : std::uint8_t {
  none,
  close,     // after the reply, if there is one
  reset,     // the same, with RST instead of FIN
  farewell,  // 421, in the rule's words or our own
};

// What goes wrong in place of a handshake, or with the certificate that is shown in it.
enum class TlsFault : std::uint8_t {
  none,
  alert,
  stall,
  garbage,
  expired,
  wrong_name,
  self_signed
};

// What comes back later, for a message that was accepted.
struct LaterAnswer {
  enum class Kind : std::uint8_t { bounce, complaint, auto_reply };
  Kind kind = Kind::bounce;
  std::string status;      // of a bounce: the enhanced status code, "5.1.1"
  std::string diagnostic;  // and the reply that it tells of, "550 5.1.1 User unknown"
  std::string text;        // of an auto reply: what it says
  Delay delay;
};

// What is done; nothing: the command takes its normal course (`accept = true`). What excludes what
// is in rule_checks.cc.
struct Act {
  std::optional<ReplyText> reply;  // a positive one where the command is taken, else a refusal
  std::size_t repeat = 1;          // how often the bytes of `raw` are sent
  bool raw = false;                // `reply` is bytes as they are
  Disconnect disconnect = Disconnect::none;
  std::optional<Delay> delay;               // before the reply; of CONTENT, before it is read
  Duration tarpit{0};                       // between the bytes of the reply
  std::uint64_t throttle = 0;               // bytes of content read a second; 0: not given
  std::optional<std::uint64_t> drop_after;  // bytes of content: then it is closed without a word
  std::optional<Duration> greylist;         // how old a (client, sender, recipient) must be to pass
  bool stall = false;                       // never answers
  bool log = false;                         // to syslog
  TlsFault tls_fault = TlsFault::none;
  std::vector<LaterAnswer> later;
};

struct Rule {
  std::string name;     // empty: it is an option's, and nobody asks how often it was used
  bool enabled = true;  // else it is passed over
  Match match;
  Act act;
};

// The conditions that hold patterns.
inline constexpr std::array<std::optional<Patterns> Match::*, 6> kPatternConditions = {
    &Match::recipient, &Match::domain, &Match::sender,
    &Match::helo,      &Match::header, &Match::listener};

// The one of a rule's conditions whose groups {1} to {9} stand for, where the rule names any: no
// other has groups then. Null: none has.
const Patterns* grouping_condition(const Match& match);

// The largest {n} that is named in what is done; 0: none, and nobody need ask for groups.
std::size_t groups_named(const Act& act);

}  // namespace millrace::sink::rules
