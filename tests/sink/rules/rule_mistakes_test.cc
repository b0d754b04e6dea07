// Every mistake that a file of rules may have, with what is said of it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sink/rules/rule_reader.h"

namespace millrace::sink::rules {
namespace {

using Lines = std::vector<std::string>;

Lines mistakes(const std::string& text) {
  Lines found = read_rules(text, "rules").mistakes;
  for (std::string& line : found) {
    EXPECT_TRUE(line.starts_with("rules:")) << line;
    line.erase(0, std::string_view("rules:").size());
  }
  return found;
}

std::string shown(const Lines& lines) { return fmt::format("{}", fmt::join(lines, "\n")); }

// What is wrong with a rule that is written so; its `match` is on line 3, its `act` on line 4.
struct WrongRule {
  std::string command;
  std::string condition;
  std::string actions;
  Lines mistakes;
};

const std::vector<WrongRule> kWrongRules = {
    {"'MAIL'", "sender = 5", "log = true", {"3:38: bad sender (expected a text in quotes)"}},
    {"'MAIL'", "sender = []", "log = true", {"3:38: sender is an empty list"}},
    {"'MAIL'",
     "sender = ['[a', '/(/', 'x']",
     "log = true",
     {R"(3:39: bad sender: [a (expected a glob or a /regex/: a [ has no ], and \[ stands for itself))",
      "3:45: bad sender: /(/ (expected a glob or a /regex/: missing ): ()"}},
    {"'MAIL'",
     "helo = ''",
     "log = true",
     {R"(3:36: bad helo: "" (expected a pattern; "!?*" matches what is empty))"}},
    {"'MAIL'",
     "sender = { a = 1 }",
     "log = true",
     {"3:38: bad sender (expected a text in quotes)"}},
    {"'MAIL'",
     R"(client = ['10.0.0.0/33', 'host', "10.0.0.1\u0000x", 'unix'])",
     "log = true",
     {"3:39: bad client: 10.0.0.0/33 (expected an address, a network as 10.0.0.0/8, or unix)",
      "3:54: bad client: host (expected an address, a network as 10.0.0.0/8, or unix)",
      R"(3:62: bad client: 10.0.0.1\x00x (expected an address, a network as 10.0.0.0/8, or unix))"}},
    {"'MAIL'",
     "tls = ['1.1', 'yes']",
     "log = true",
     {"3:36: bad tls: 1.1 (expected true, false, 1.2 or 1.3)",
      "3:43: bad tls: yes (expected true, false, 1.2 or 1.3)"}},
    {"'MAIL'",
     "authenticated = [true]",
     "log = true",
     {"3:46: bad authenticated (expected a text in quotes)"}},
    {"'MAIL'",
     "authenticated = ['false', 'x', '!true']",
     "log = true",
     {"3:46: bad authenticated: false (expected true or false alone, or patterns of users)",
      "3:60: bad authenticated: !true (expected true or false alone, or patterns of users)"}},
    {"'MAIL'",
     "authenticated = '!false'",
     "log = true",
     {"3:45: bad authenticated: !false (expected true or false alone, or patterns of users)"}},
    {"'MAIL'",
     "size = ['>', '5-1', '<0', '1X', -1, '>18446744073709551615']",
     "log = true",
     {"3:37: bad size: > (expected as >1M, >=1M, <10K, <=10K, 10K-1M or 5000)",
      "3:42: bad size: 5-1 (expected as >1M, >=1M, <10K, <=10K, 10K-1M or 5000)",
      "3:49: bad size: <0 (expected as >1M, >=1M, <10K, <=10K, 10K-1M or 5000)",
      "3:55: bad size: 1X (expected as >1M, >=1M, <10K, <=10K, 10K-1M or 5000)",
      "3:61: bad size: -1 (expected as >1M, >=1M, <10K, <=10K, 10K-1M or 5000)",
      "3:65: bad size: >18446744073709551615 (expected as >1M, >=1M, <10K, <=10K, 10K-1M or "
      "5000)"}},
    {"'MAIL'",
     "probability = '101%'",
     "log = true",
     {"3:43: bad probability: 101% (expected a share, as 2% or 0.02)"}},
    {"'MAIL'",
     "probability = nan",
     "log = true",
     {"3:43: bad probability: nan (expected a share, as 2% or 0.02)"}},
    {"'MAIL'", "nth = 0", "log = true", {"3:35: bad nth: 0 (expected a whole number, at least 1)"}},
    {"'MAIL'", "nth = [1]", "log = true", {"3:35: bad nth (expected one value, no list)"}},
    {"'MAIL'",
     "over = '20'",
     "log = true",
     {"3:36: bad over: 20 (expected as 20/1m: how many in which time)"}},
    {"'MAIL'",
     "over = '20/0s'",
     "log = true",
     {"3:36: bad over: 20/0s (expected as 20/1m: how many in which time)"}},
    {"'MAIL'",
     "over = '20/1m', per = 'host'",
     "log = true",
     {"3:51: bad per: host (expected client, session, sender, recipient, domain, listener or "
      "all)"}},
    {"'MAIL'",
     "per = 'client'",
     "log = true",
     {"3:29: per counts nothing (expected over or sessions_over as well)"}},
    {"'MAIL'",
     "over = '1/1s', per = 'recipient'",
     "log = true",
     {"3:44: the recipient that per names is not known at MAIL (expected one of RCPT)"}},
    {"'MAIL'",
     "sessions_over = -1",
     "log = true",
     {"3:45: bad sessions_over: -1 (expected a whole number)"}},
    {"'MAIL'",
     "sessions_over = 1, per = 'sender'",
     "log = true",
     {"3:48: sessions are not counted per that (expected client, listener or all)"}},
    {"'MAIL'",
     "during = '90s-60s'",
     "log = true",
     {"3:38: bad during: 90s-60s (expected as 60s-90s, or 60s- without an end)"}},
    {"'MAIL'",
     "during = '60s-90s', every = '29s'",
     "log = true",
     {"3:49: every is shorter than during (expected a time that is as long or longer)"}},
    {"'MAIL'",
     "during = '60s-', every = '80s'",
     "log = true",
     {"3:46: during has no end and cannot come again (expected its end, as 60s-90s)"}},
    {"'MAIL'",
     "every = '80s'",
     "log = true",
     {R"(3:29: every goes with during (expected during = "60s-90s" as well))"}},
    {"'MAIL'",
     "during = '1s-2s', every = 'x'",
     "log = true",
     {"3:55: bad every: x (expected a time, as 90s, 10m or 1h)"}},
    {"'MIAL'",
     "nth = 1",
     "log = true",
     {"3:21: bad command: MIAL (expected one of CONNECT, HELO, EHLO, LHLO, STARTTLS, XCLIENT, "
      "XFORWARD, AUTH, MAIL, RCPT, DATA, BDAT, ., RSET, NOOP, VRFY, QUIT, CONTENT or *)"}},
    {"[]", "nth = 1", "log = true", {"3:21: command is an empty list"}},
    {"5", "nth = 1", "log = true", {"3:21: bad command (expected a text in quotes)"}},
    {"['MAIL', '!MAIL']", "nth = 1", "log = true", {"3:11: command leaves none to match"}},
    {"'!*'", "nth = 1", "log = true", {"3:11: command leaves none to match"}},
    {"['CONNECT', 'HELO', 'MAIL']",
     "sender = '*'",
     "log = true",
     {"3:50: sender is not known at CONNECT, HELO (expected one of MAIL, RCPT, DATA, BDAT, ., "
      "CONTENT)"}},
    {"'MAIL'",
     "recipient = '*', domain = '*', header = '*'",
     "log = true",
     {"3:29: recipient is not known at MAIL (expected one of RCPT, DATA, BDAT, ., CONTENT)",
      "3:46: domain is not known at MAIL (expected one of RCPT, DATA, BDAT, ., CONTENT)",
      "3:60: header is not known at MAIL (expected one of .)"}},
    {"'CONNECT'",
     "helo = '*', authenticated = false, size = 1",
     "log = true",
     {"3:32: helo is not known at CONNECT (expected one of HELO, EHLO, LHLO, STARTTLS, XCLIENT, "
      "XFORWARD, AUTH, MAIL, RCPT, DATA, BDAT, ., RSET, NOOP, VRFY, QUIT, CONTENT)",
      "3:44: authenticated is not known at CONNECT (expected one of HELO, EHLO, LHLO, STARTTLS, "
      "XCLIENT, XFORWARD, AUTH, MAIL, RCPT, DATA, BDAT, ., RSET, NOOP, VRFY, QUIT, CONTENT)",
      "3:67: size is not known at CONNECT (expected one of MAIL, RCPT, DATA, BDAT, ., CONTENT)"}},
    {"['!.', 'RCPT']",
     "header = '*'",
     "log = true",
     {"3:37: header is not known at RCPT (expected one of .)"}},
    {"'RCPT'",
     "nth = 1",
     "tarpit",
     {"4:16: Error while parsing key-value pair: expected '=', saw '}'"}},
    {"'RCPT'",
     "nth = 1",
     "reply = 'hello'",
     {"4:17: bad reply: hello (expected as 450 4.7.1 Try again later; raw sends what is no "
      "reply)"}},
    {"'RCPT'", "nth = 1", "reply = []", {"4:17: reply is an empty list"}},
    {"'RCPT'",
     "nth = 1",
     "reply = '354 go'",
     {"4:9: 354 is no reply to RCPT (expected 250, 251, 4xx or 5xx; raw sends wrong ones)"}},
    {"'DATA'",
     "nth = 1",
     "reply = '250 go'",
     {"4:9: 250 is no reply to DATA (expected 354, 4xx or 5xx; raw sends wrong ones)"}},
    {"['RCPT', 'DATA', 'AUTH', 'CONTENT']",
     "nth = 1",
     "reply = '250 go'",
     {"4:9: a reply at CONTENT ends the connection, one at others not (expected CONTENT to have a "
      "rule of its own, or disconnect as well)",
      "4:9: 250 is no reply to AUTH (expected 4xx or 5xx; raw sends wrong ones)",
      "4:9: 250 is no reply to DATA (expected 354, 4xx or 5xx; raw sends wrong ones)",
      "4:9: 250 is no reply to CONTENT (expected 4xx or 5xx; raw sends wrong ones)"}},
    {"'CONTENT'",
     "nth = 1",
     "reply = '250 go'",
     {"4:9: 250 is no reply to CONTENT (expected 4xx or 5xx; raw sends wrong ones)"}},
    {"['DATA', 'CONTENT']",
     "nth = 1",
     "reply = '450 go'",
     {"4:9: a reply at CONTENT ends the connection, one at others not (expected CONTENT to have a "
      "rule of its own, or disconnect as well)"}},
    {"'CONTENT'",
     "nth = 1",
     "raw = '250 go'",
     {"4:9: raw takes a command, and CONTENT is none (expected bytes that begin with neither 2 nor "
      "3)"}},
    {"['DATA', 'CONTENT']",
     "nth = 1",
     "raw = 'go', disconnect = 'close', throttle = '1K/s'",
     {"4:43: throttle does nothing at DATA (expected one of CONTENT)",
      "4:43: throttle and raw exclude each other: the connection ends before content is read",
      "4:43: throttle and disconnect exclude each other: the connection ends before content is "
      "read"}},
    {"['DATA', 'CONTENT']",
     "nth = 1",
     "raw = 'go'",
     {"4:9: a reply at CONTENT ends the connection, one at others not (expected CONTENT to have a "
      "rule of its own, or disconnect as well)"}},
    {"'DATA'",
     "recipient = '/^(...)/'",
     "reply = '{1} go'",
     {"4:9: the code cannot be a group's at DATA (expected a code in digits)"}},
    {"'RCPT'",
     "recipient = '/^(...)/'",
     "reply = '450 {2} go'",
     {"4:7: {2} stands for nothing (expected a condition that is a /regex/ with 2 groups, not 1)"}},
    {"'RCPT'",
     "recipient = '*'",
     "delay = '{1}'",
     {"4:7: {1} stands for nothing (expected a condition that is a /regex/ with 1 group, not 0)"}},
    {"'RCPT'",
     "recipient = '/(a)/', sender = '/(a)/'",
     "delay = '{1}'",
     {"4:7: {1} could be of several conditions (expected (?:...) for groups in all but one of "
      "them)"}},
    {"'RCPT'",
     "recipient = '/(a)/', authenticated = '/(a)/'",
     "delay = '{1}'",
     {"4:7: {1} could be of several conditions (expected (?:...) for groups in all but one of "
      "them)"}},
    {"'MAIL'",
     "nth = 1",
     "reply = '450 {recipient} {domain} {sender}'",
     {"4:9: {recipient} is not known at MAIL (expected one of RCPT, DATA, BDAT, ., CONTENT)",
      "4:9: {domain} is not known at MAIL (expected one of RCPT, DATA, BDAT, ., CONTENT)"}},
    {"'CONNECT'",
     "nth = 1",
     "reply = '450 {helo} {size}'",
     {"4:9: {helo} is not known at CONNECT (expected one of HELO, EHLO, LHLO, STARTTLS, XCLIENT, "
      "XFORWARD, AUTH, MAIL, RCPT, DATA, BDAT, ., RSET, NOOP, VRFY, QUIT, CONTENT)",
      "4:9: {size} is not known at CONNECT (expected one of MAIL, RCPT, DATA, BDAT, ., CONTENT)"}},
    {"'RCPT'",
     "nth = 1",
     "disconnect = 'hard'",
     {"4:22: bad disconnect: hard (expected one of close, reset, 421)"}},
    {"'RCPT'",
     "nth = 1",
     "disconnect = 421, reply = '450 x'",
     {"4:27: the reply of disconnect = 421 begins with it (expected 421)"}},
    {"'RCPT'",
     "nth = 1",
     "disconnect = 421, raw = 'x'",
     {"4:9: raw is no farewell (expected disconnect to be close or reset)"}},
    {"'RCPT'",
     "nth = 1",
     "disconnect = 421, greylist = '1m'",
     {"4:9: the reply of disconnect = 421 begins with it (expected 421)"}},
    {"'RCPT'",
     "nth = 1",
     "delay = '2h'",
     {"4:17: bad delay: 2h (expected as 1s, 1s-5s, exponential 2s, lognormal 800ms 2.0, pareto "
      "100ms 1.5 or {1}, at most 1h)"}},
    {"'RCPT'",
     "nth = 1",
     "tarpit = 0",
     {"4:18: bad tarpit: 0 (expected a time above 0, as 10ms, 5s, 5m or 1h)"}},
    {"'RCPT'",
     "nth = 1",
     "tarpit = '1s', disconnect = 'close'",
     {"4:9: tarpit has no reply to send (expected reply as well)"}},
    {"'CONTENT'",
     "nth = 1",
     "tarpit = '1s', throttle = 0, drop_after = '1.5K'",
     {"4:9: tarpit does nothing at CONTENT (expected one of CONNECT, HELO, EHLO, LHLO, STARTTLS, "
      "XCLIENT, XFORWARD, AUTH, MAIL, RCPT, DATA, BDAT, ., RSET, NOOP, VRFY, QUIT)",
      "4:35: bad throttle: 0 (expected bytes a second, as 10K/s)",
      "4:51: bad drop_after: 1.5K (expected a number of bytes, as 4096, 64K or 10M)"}},
    {"'RCPT'",
     "nth = 1",
     "throttle = '1K/s', drop_after = 1, tls_fault = 'stall'",
     {"4:9: throttle does nothing at RCPT (expected one of CONTENT)",
      "4:28: drop_after does nothing at RCPT (expected one of CONTENT)",
      "4:44: tls_fault does nothing at RCPT (expected one of STARTTLS)"}},
    {"'CONTENT'",
     "nth = 1",
     "throttle = '1K/s', reply = '450 x'",
     {"4:28: throttle and reply exclude each other: the connection ends before content is read"}},
    {"'CONTENT'",
     "nth = 1",
     "drop_after = '1K', disconnect = 'reset'",
     {"4:28: drop_after and disconnect exclude each other: it closes the connection without a "
      "word"}},
    {"['STARTTLS', 'CONNECT']",
     "nth = 1",
     "tls_fault = 'expired'",
     {"4:9: tls_fault does nothing at CONNECT (expected one of STARTTLS)"}},
    {"'STARTTLS'",
     "nth = 1",
     "tls_fault = 'bad'",
     {"4:21: bad tls_fault: bad (expected one of alert, stall, expired, wrong-name, self-signed, "
      "garbage)"}},
    {"'STARTTLS'",
     "nth = 1",
     "tls_fault = 'alert', reply = '220 x', tarpit = '1s'",
     {"4:30: tls_fault and reply exclude each other: the handshake begins after our own reply",
      "4:47: tls_fault and tarpit exclude each other: the handshake begins after our own reply"}},
    {"['RCPT', 'MAIL']",
     "nth = 1",
     "greylist = '5m'",
     {"4:9: greylist does nothing at MAIL (expected one of RCPT)"}},
    {"'RCPT'",
     "nth = 1",
     "greylist = '5m', reply = '550 x'",
     {"4:26: who is greylisted may come back later (expected a 4xx code)"}},
    {"'RCPT'",
     "nth = 1",
     "greylist = -1, raw = 'x'",
     {"4:20: bad greylist: -1 (expected a time above 0, as 10ms, 5s, 5m or 1h)",
      "4:24: raw and greylist exclude each other: raw is all that is answered"}},
    {"'RCPT'",
     "nth = 1",
     "stall = true, reply = '450 x', delay = '1s'",
     {"4:23: stall and reply exclude each other: what stalls is never answered",
      "4:40: stall and delay exclude each other: what stalls is never answered"}},
    {"'RCPT'",
     "nth = 1",
     "stall = false, log = 1",
     {"4:17: bad stall (expected true, or not to be there)",
      "4:30: bad log (expected true, or not to be there)"}},
    {"'RCPT'",
     "nth = 1",
     "accept = true, reply = '450 x', log = true",
     {"4:24: accept and reply exclude each other: what is accepted takes its normal course"}},
    {"'RCPT'",
     "nth = 1",
     R"(raw = '\y')",
     {R"(4:15: bad raw: \y (expected bytes, of which \xHH is one and \\ a backslash))"}},
    {"'RCPT'",
     "nth = 1",
     "raw = '', repeat = 0",
     {R"(4:15: bad raw: "" (expected bytes, of which \xHH is one and \\ a backslash))",
      "4:28: bad repeat: 0 (expected how many times, at least 1, or forever)"}},
    {"'RCPT'",
     "nth = 1",
     R"(raw = '\xg0', reply = '450 x')",
     {R"(4:15: bad raw: \xg0 (expected bytes, of which \xHH is one and \\ a backslash))",
      "4:23: raw and reply exclude each other: raw is all that is answered"}},
    {"'RCPT'", "nth = 1", "repeat = 2", {"4:9: repeat goes with raw (expected raw as well)"}},
    {"'RCPT'",
     "nth = 1",
     "bounce_later = true, complaint = 1, auto_reply = 'x'",
     {"4:24: bad bounce_later (expected a table with a reply)",
      "4:42: bad complaint (expected true, or a table with a delay)",
      "4:58: bad auto_reply (expected a table with a text)"}},
    {"'RCPT'",
     "nth = 1",
     "bounce_later = {}, complaint = { reply = 1 }, auto_reply = { delay = 'x' }",
     {"4:9: bounce_later has no reply",
      "4:42: unknown key of complaint: reply (expected one of delay)",
      "4:55: auto_reply has no text",
      "4:78: bad delay: x (expected as 1s, 1s-5s, exponential 2s, lognormal 800ms 2.0, pareto "
      "100ms 1.5 or {1}, at most 1h)"}},
    {"'RCPT'",
     "nth = 1",
     "bounce_later = { reply = '250 2.0.0 x' }, auto_reply = { text = '' }",
     {"4:34: bad reply: 250 2.0.0 x (expected as 550 5.1.1 User unknown: a 4xx or 5xx code and an "
      "enhanced one)",
      R"(4:73: bad text: "" (expected what the answer says, at most 16 KiB))"}},
    {"'RCPT'",
     "nth = 1",
     "bounce_later = { reply = '550-5.1.1 x' }",
     {"4:34: bad reply: 550-5.1.1 x (expected as 550 5.1.1 User unknown: a 4xx or 5xx code and an "
      "enhanced one)"}},
    {"'RCPT'",
     "recipient = '/(x)/'",
     "bounce_later = { reply = '550 5.1.1 {recipient} {x}' }, auto_reply = { text = 'a {1}' }",
     {"4:34: bad reply: 550 5.1.1 {recipient} {x} (expected no {recipient}: nothing is filled in)",
      "4:87: bad text: a {1} (expected no {1}: nothing is filled in)"}},
    {"'RCPT'",
     "nth = 1",
     "bounce_later = { reply = '550 4.1.1 x' }, reply = '550 5.1.1 x'",
     {"4:34: bad reply: 550 4.1.1 x (expected as 550 5.1.1 User unknown: a 4xx or 5xx code and an "
      "enhanced one)",
      "4:51: a refused message has no bounce_later (expected a 2xx code)"}},
    {"'MAIL'",
     "nth = 1",
     "complaint = true, disconnect = 'close'",
     {"4:9: complaint does nothing at MAIL (expected one of RCPT, .)",
      "4:27: disconnect and complaint exclude each other: those are for what was accepted"}},
    {"'RCPT'",
     "nht = 1",
     "relpy = 'x'",
     {"3:29: unknown key of match: nht (expected one of command, sender, recipient, domain, helo, "
      "header, listener, client, tls, authenticated, size, probability, nth, over, sessions_over, "
      "per, during, every)",
      "4:9: unknown key of act: relpy (expected one of reply, raw, repeat, disconnect, delay, "
      "tarpit, throttle, stall, greylist, drop_after, tls_fault, log, accept, bounce_later, "
      "complaint, auto_reply)"}},
    {"'MAIL'",
     "authenticated = { a = 1 }",
     "log = true",
     {"3:45: bad authenticated (expected a text or a number)"}},
    {"'MAIL'", "nth = 1", "raw = ['a', 'b']", {"4:15: bad raw (expected one value, no list)"}},
};

struct WrongFile {
  std::string text;
  Lines mistakes;
};

const std::vector<WrongFile> kWrongFiles = {
    {"[[rule\n", {R"(1:7: Error while parsing table header: expected ']', saw '\n')"}},
    {"rule = 5\nx = 1\n[y]",
     {"1:1: unknown: rule (expected [[rule]])", "2:1: unknown: x (expected [[rule]])",
      "3:2: unknown: y (expected [[rule]])"}},
    {"[rule]\nname = 'a'", {"1:2: unknown: rule (expected [[rule]])"}},
    {"rule = [1, {}]",
     {"1:9: a rule is a table (expected [[rule]])",
      "1:12: a rule without name (expected name, match and act)",
      "1:12: a rule without match (expected name, match and act)",
      "1:12: a rule without act (expected name, match and act)"}},
    {"[[rule]]\nname = 'a'\nfoo = 1",
     {"1:1: a rule without match (expected name, match and act)",
      "1:1: a rule without act (expected name, match and act)",
      "3:1: unknown key of rule: foo (expected one of name, enabled, match, act)"}},
    {"[[rule]]\nname = 'a'\nenabled = 'yes'\nmatch = { command = 'RCPT' }\nact = { stall = true }",
     {"3:11: bad enabled: yes (expected true or false)"}},
    {"[[rule]]\nname = 'a'\nact = { accept = true }",
     {"1:1: a rule without match (expected name, match and act)"}},
    {"[[rule]]\nname = 'a'\nmatch = { command = 'RCPT' }",
     {"1:1: a rule without act (expected name, match and act)"}},
    {"[[rule]]\nname = ''\nmatch = 1\nact = []",
     {R"(2:8: bad name: "" (expected 1 to 64 bytes that can be printed))",
      "3:9: bad match (expected a table)", "4:7: bad act (expected a table)"}},
    {"[[rule]]\nname = '.'\nmatch = { command = '*' }\nact = { log = true }\n[[rule]]\n"
     "name = '..'\nmatch = { command = '*' }\nact = { log = true }\n[[rule]]\n"
     "name = '...'\nmatch = { command = '*' }\nact = { log = true }",
     {"2:8: bad name: . (expected a name that a URL can have)",
      "6:8: bad name: .. (expected a name that a URL can have)"}},
    {"[[rule]]\nname = \"a\\u0007\"\nmatch = {}\nact = {}",
     {R"(2:8: bad name: a\x07 (expected 1 to 64 bytes that can be printed))",
      R"(3:9: match has no command (expected command = "RCPT", or * for all))"}},
    {"[[rule]]\nname = "
     "'ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää'\n[rule.match]\n["
     "rule.act]\nlog=true",
     {"2:8: bad name: ääääääääääääääääääääääääääääääääääääääää... (expected 1 to 64 bytes that can "
      "be printed)",
      R"(3:1: match has no command (expected command = "RCPT", or * for all))"}},
    {"[[rule]]\nname = 'a'\nmatch = { command = '*' }\nact = {}",
     {"4:7: act says nothing to do (expected accept = true, at least)"}},
};

TEST(RuleMistakes, ASlipInARuleIsTold) {
  for (const WrongRule& row : kWrongRules) {
    const std::string text =
        fmt::format("[[rule]]\nname = 'a'\nmatch = {{ command = {}, {} }}\nact = {{ {} }}\n",
                    row.command, row.condition, row.actions);
    EXPECT_EQ(shown(mistakes(text)), shown(row.mistakes)) << text;
  }
}

TEST(RuleMistakes, ASlipInAFileIsTold) {
  for (const WrongFile& row : kWrongFiles) {
    EXPECT_EQ(shown(mistakes(row.text)), shown(row.mistakes)) << row.text;
  }
}

TEST(RuleMistakes, AllAreToldAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(shown(mistakes("[[rule]]\n"
                           "name = 'a'\n"
                           "act = { reply = 'x', tarpit = 0 }\n"
                           "match = { command = 'X', sender = '[', nth = 0 }\n"
                           "[[rule]]\n"
                           "name = 'a'\n"
                           "match = { command = 'MAIL', header = '*' }\n"
                           "act = {}\n")),
            "3:17: bad reply: x (expected as 450 4.7.1 Try again later; raw sends what is no "
            "reply)\n"
            "3:31: bad tarpit: 0 (expected a time above 0, as 10ms, 5s, 5m or 1h)\n"
            "4:21: bad command: X (expected one of CONNECT, HELO, EHLO, LHLO, STARTTLS, XCLIENT, "
            "XFORWARD, AUTH, MAIL, RCPT, DATA, BDAT, ., RSET, NOOP, VRFY, QUIT, CONTENT or *)\n"
            "4:35: bad sender: [ (expected a glob or a /regex/: a [ has no ], and \\[ stands for "
            "itself)\n"
            "4:46: bad nth: 0 (expected a whole number, at least 1)\n"
            "6:8: a is the name of another rule, at rules:2:8\n"
            "7:29: header is not known at MAIL (expected one of .)\n"
            "8:7: act says nothing to do (expected accept = true, at least)");
}

TEST(RuleMistakes, WhatTheFileSaysCannotDriveATerminal) {
  EXPECT_EQ(read_rules("\"\\u001b[2J\\n\" = 1", "rules").mistakes,
            Lines{"rules:1:1: unknown: \\x1b[2J\\n (expected [[rule]])"});
}

TEST(RuleMistakes, WhatAnAutoReplySaysHasABound) {
  const auto saying = [](std::size_t bytes) {
    return mistakes(
        fmt::format("[[rule]]\nname = 'a'\nmatch = {{ command = '.' }}\n"
                    "act.auto_reply.text = '{}'\n",
                    std::string(bytes, 'x')));
  };
  EXPECT_EQ(shown(saying(16 * 1024)), "");
  const Lines told = saying(16 * 1024 + 1);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].ends_with("(expected what the answer says, at most 16 KiB)")) << told[0];
}

TEST(RuleMistakes, ARunHasSoManyRules) {
  std::string text;
  for (std::size_t rule = 0; rule <= kMostRules; ++rule) {
    text += fmt::format("[[rule]]\nname='{}'\nmatch.command='*'\nact.log=true\n", rule);
  }
  EXPECT_EQ(mistakes(text), Lines{"20001:1: too many rules (expected 5000 at most)"});
}

}  // namespace
}  // namespace millrace::sink::rules
