// Scenarios: read, or refused with the places of all mistakes. What is read can be used.
#include <algorithm>
#include <set>
#include <string>
#include <variant>

#include "mail/addresses/addresses.h"
#include "mail/scenario/scenario_reader.h"
#include "pieces.h"

using namespace millrace;
using namespace millrace::mail;

namespace {

void check(double share) { fuzz::require(share >= 0 && share <= 1); }
void check(const std::optional<double>& share) {
  if (share) check(*share);
}

void check(const Distribution& distribution, double most) {
  Roll roll(1);
  const double drawn = draw(distribution, roll, most);
  fuzz::require(drawn >= 0 && drawn <= most);
  const auto* constant = std::get_if<Constant>(&distribution);
  fuzz::require(constant == nullptr || constant->value == drawn);
}

void check(const Mixture& mixture, double most) {
  fuzz::require(!mixture.empty());
  double sum = 0;
  for (const auto& [distribution, weight] : mixture) {
    check(distribution, most);
    sum += weight;
  }
  fuzz::require(sum > 0);
}

// Relative files are in the directory of the scenario.
void check(const FilePath& file) {
  fuzz::require(file.path.starts_with('/') || file.path.starts_with("mixes/"));
  fuzz::require(file.path != "mixes/" && file.path.find('\0') == std::string::npos);
}

void check(const AddressOrigin& origin, AddressPart part) {
  if (const auto* file = std::get_if<FilePath>(&origin)) return check(*file);
  std::string why;
  const auto source = AddressSource::of_patterns(std::get<0>(origin), part, why);
  fuzz::require(source.has_value());
  Roll roll(1);
  std::string text;
  source->append_draw(roll, text);
  fuzz::require(!text.empty());
}

void check(const RecipientMix& recipients) {
  if (!recipients.count.empty()) check(recipients.count, kMostRecipients);
  if (!recipients.addresses) return;
  if (const auto* parts = std::get_if<OriginByPart>(&*recipients.addresses)) {
    check(parts->local_parts, AddressPart::local_part);
    check(parts->domains, AddressPart::domain);
  } else {
    check(std::get<AddressOrigin>(*recipients.addresses), AddressPart::mailbox);
  }
}

void check(const GeneratedContent& content) {
  if (const auto* sizes = std::get_if<Mixture>(&content.size)) {
    check(*sizes, static_cast<double>(kLargestSize));
  } else {
    check(std::get<FilePath>(content.size));
  }
}
void check(const CorpusContent& content) { check(content.corpus); }
void check(const TemplateContent& content) {
  check(content.text);
  if (content.fields) check(*content.fields);
}

void check(const MessageKind& kind) {
  fuzz::require(!kind.name.empty() && kind.weight >= 0);
  std::visit([](const auto& content) { check(content); }, kind.content);
  for (const std::string& header : kind.headers) {
    fuzz::require(header.find(':') != std::string::npos &&
                  header.find_first_of(std::string("\r\n\0", 3)) == std::string::npos);
  }
  if (kind.dkim) {
    check(kind.dkim->key);
    fuzz::require(!kind.dkim->domain.empty() && !kind.dkim->selector.empty());
  }
}

void check(const Scenario& scenario) {
  if (scenario.senders.addresses) check(*scenario.senders.addresses, AddressPart::mailbox);
  check(scenario.senders.null_share);
  check(scenario.recipients);
  std::set<std::string> names;
  double weights = 0;
  for (const MessageKind& kind : scenario.kinds) {
    check(kind);
    names.insert(kind.name);
    weights += kind.weight;
  }
  fuzz::require(names.size() == scenario.kinds.size());
  fuzz::require(names.empty() || weights > 0);
  const SessionMix& session = scenario.session;
  check(session.tls);
  check(session.auth);
  check(session.pipelining);
  if (session.messages) check(*session.messages, static_cast<double>(kMostMessages));
  if (session.think) check(*session.think, static_cast<double>(kLongestThink.count()));
  fuzz::require(session.helo.find_first_of(" \r\n") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ScenarioRead read = read_scenario(text, "mixes/mix.toml");
  for (const std::string& mistake : read.mistakes) {
    fuzz::require(mistake.starts_with("mixes/mix.toml:") &&
                  mistake.find('\n') == std::string::npos);
  }
  if (read.mistakes.empty()) check(read.scenario);
  return 0;
}
