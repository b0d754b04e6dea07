#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/distribution.h"
#include "base/time.h"
#include "mail/addresses/addresses.h"
#include "mail/body_form.h"
#include "mail/clients/client_group.h"
#include "mail/corpus/corpus_form.h"

namespace millrace::mail {

// What a scenario says of the traffic of a run (TOML; millrace-scenario(5)), as plain data: no file
// that it names has been opened, and nothing drawn. What it leaves open is for the command line to
// say.
//
// Bounds: none of what is drawn is above them, whatever a distribution has beyond.
inline constexpr std::uint64_t kLargestSize = std::uint64_t{1} << 30;  // of a message, bytes
inline constexpr std::uint64_t kMostRecipients = 100'000;              // of a message
inline constexpr std::uint64_t kMostMessages = 1'000'000'000;          // on a connection
inline constexpr Duration kLongestThink = std::chrono::hours(1);
inline constexpr std::size_t kMostKinds = 1'000;          // of messages
inline constexpr std::size_t kMostScenarioHeaders = 100;  // of a kind

// A file, by a path that can be opened: a scenario's own are relative to the scenario.
struct FilePath {
  std::string path;
};

// One of several distributions, by weight, and a number of that. Never empty once it is read.
struct WeightedDistribution {
  Distribution distribution;
  double weight = 1;
};
using Mixture = std::vector<WeightedDistribution>;

// Where addresses, domains or local parts are from: see AddressSource, which is made of it.
using AddressOrigin = std::variant<std::vector<WeightedPattern>, FilePath>;

struct SenderMix {
  std::optional<AddressOrigin> addresses;
  double null_share = 0;  // 0 to 1: how many have the null reverse-path
};

// Local parts at domains, each drawn by itself.
struct OriginByPart {
  AddressOrigin local_parts;
  AddressOrigin domains;
};
struct RecipientMix {
  std::optional<std::variant<AddressOrigin, OriginByPart>> addresses;
  Mixture count;  // a message, at least 1; empty: left open
};

struct GeneratedContent {
  std::variant<Mixture, FilePath> size;  // bytes; a file of sizes with how many have each
  BodyForm body = BodyForm::text;
};

struct CorpusContent {
  FilePath corpus;  // a file, or a directory
  CorpusForm form = CorpusForm::fresh;
};

struct TemplateContent {
  FilePath text;
  std::optional<FilePath> fields;  // CSV
  std::string to;                  // the column of its recipients; empty: they are as of all kinds
};

// Who signs messages (RFC 6376).
struct DkimSettings {
  std::string domain;
  std::string selector;
  FilePath key;  // PEM
};

// One kind of message.
struct MessageKind {
  std::string name;
  double weight = 1;
  std::variant<GeneratedContent, CorpusContent, TemplateContent> content;
  std::vector<std::string> headers;  // "Name: text", without a line end
  std::optional<DkimSettings> dkim;
};

// What sessions do; shares are 0 to 1.
struct SessionMix {
  std::optional<Distribution> messages;  // whole numbers, at least 1
  std::optional<double> tls;
  std::optional<double> auth;
  std::optional<double> pipelining;
  std::string helo;                   // with {n} and {domain}; empty: left open
  std::optional<Distribution> think;  // ticks of Duration
};

struct Scenario {
  std::optional<std::uint64_t> seed;
  SenderMix senders;
  RecipientMix recipients;
  std::vector<MessageKind> kinds;  // in the order of the file
  SessionMix session;
  std::vector<ClientGroup> clients;  // who there is; empty: all are good
};

}  // namespace millrace::mail
