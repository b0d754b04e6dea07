#include "cli/source_traffic.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/printable.h"
#include "cli/source_arguments.h"
#include "cli/source_stamps.h"
#include "cli/text_values.h"
#include "config/refusal.h"
#include "mail/scenario/scenario_reader.h"
#include "mail/scenario/scenario_texts.h"
#include "mail/scenario/scenario_workload.h"
#include "proof/journal_record.h"
#include "sasl/mechanisms.h"
#include "smtp/path.h"

namespace millrace::cli {
namespace {

using mail::Scenario;

// Reads a value as a scenario has it.
template <typename Value>
Reader<Value> as_in_scenario(std::string_view what,
                             std::optional<Value> (*parse)(std::string_view, std::string&)) {
  return [=](const std::string& text, std::string_view names) {
    std::string why;
    auto value = parse(text, why);
    if (!value) reject(what, text, names, why);
    return std::move(*value);
  };
}

std::string header_line(const std::string& text, std::string_view names) {
  if (!mail::is_header_line(text)) {
    reject("header", text, names,
           "expected 'Name: text' on one line, of no field that messages have anyway");
  }
  return text;
}

RecipientsValue all_recipients(const std::string& text, std::string_view names) {
  if (const auto count = whole_number(text, 1)) return static_cast<std::size_t>(*count);
  const bool words = text.find_first_not_of("0123456789-, ") != std::string::npos;
  if (!words && !text.empty()) {
    reject("recipients", text, names,
           "expected addresses, or one number of them; numbers that differ are said by count in "
           "[recipients] of a scenario");
  }
  return as_in_scenario<mail::AddressOrigin>("recipients", mail::mailboxes)(text, names);
}

Scenario read_scenario(const SourceArguments& given) {
  if (!given.scenario) return {};
  mail::ScenarioRead read = mail::read_scenario_file(*given.scenario);
  if (read.mistakes.empty()) return std::move(read.scenario);
  config::refuse(*given.scenario, read.mistakes);
}

// What an option says that the scenario says too.
[[noreturn]] void said_twice(std::string_view option, std::string_view what) {
  throw Fatal(fmt::format("{} cannot be used: the scenario says {}", option, what));
}

// What of the scenario options say, which it must leave open.
struct Part {
  bool (*given)(const SourceArguments& given);
  bool (*said)(const Scenario& scenario);
  const char* option;
  const char* what;
};

constexpr auto kSenders = [](const Scenario& scenario) {
  return scenario.senders.addresses.has_value();
};
constexpr auto kRecipients = [](const Scenario& scenario) {
  return scenario.recipients.addresses.has_value();
};
constexpr auto kCount = [](const Scenario& scenario) { return !scenario.recipients.count.empty(); };
constexpr auto kKinds = [](const Scenario& scenario) { return !scenario.kinds.empty(); };

constexpr char kWhoFrom[] = "who messages are from";
constexpr char kWhoFor[] = "who messages are for";
constexpr char kHowMany[] = "how many recipients messages have";
constexpr char kWhat[] = "what messages are";

constexpr std::array<Part, 14> kParts = {{
    {has<&Source::from>, kSenders, "-f", kWhoFrom},
    {has<&Source::senders>, kSenders, "--senders", kWhoFrom},
    {has<&Source::to>, kRecipients, "-t", kWhoFor},
    {has<&Source::any_recipient_addresses>, kRecipients, "--recipients", kWhoFor},
    {has<&Source::domains>, kRecipients, "--domains", kWhoFor},
    {has<&Source::number_recipients>, kRecipients, "-N", kWhoFor},
    {has<&Source::recipient_number>, kRecipients, "--recipient-number", kWhoFor},
    {has<&Source::any_recipient_count>, kCount, "-r", kHowMany},
    {has<&Source::length>, kKinds, "-l", kWhat},
    {has<&Source::message_file>, kKinds, "-F", kWhat},
    {has<&Source::subject>, kKinds, "-S", kWhat},
    {has<&Source::size>, kKinds, "--size", kWhat},
    {has<&Source::corpus>, kKinds, "--corpus", kWhat},
    {has<&Source::message_template>, kKinds, "--template", kWhat},
}};

// The kind of all messages, where an option says what they are.
std::optional<mail::MessageKind> only_kind(const SourceArguments& given) {
  mail::MessageKind kind{.name = "message"};
  if (given.size) {
    kind.content = mail::GeneratedContent{.size = mail::Mixture{{.distribution = *given.size}}};
  } else if (given.corpus) {
    kind.content = mail::CorpusContent{.corpus = {*given.corpus}};
  } else if (given.message_template) {
    mail::TemplateContent content{.text = {*given.message_template}};
    if (given.fields) content.fields = {*given.fields};
    kind.content = std::move(content);
  } else {
    return std::nullopt;
  }
  return kind;
}

// Puts what options say to what the scenario leaves open.
void complete(const SourceArguments& given, const source::SourceOptions& options,
              Scenario& scenario) {
  for (const Part& part : kParts) {
    if (part.given(given) && part.said(scenario)) said_twice(part.option, part.what);
  }
  if (given.senders) scenario.senders.addresses = *given.senders;
  if (const auto* const addresses = given.recipient_addresses()) {
    scenario.recipients.addresses = *addresses;
  }
  if (given.domains) {
    const auto to = smtp::split_mailbox(options.message.forward_path);
    scenario.recipients.addresses = mail::OriginByPart{
        .local_parts = std::vector<mail::WeightedPattern>{{.text = std::string(to.local_part)}},
        .domains = *given.domains};
  }
  if (auto kind = only_kind(given)) scenario.kinds.push_back(std::move(*kind));
}

// What sessions do by the scenario, and the options that this needs.
void build_sessions(const SourceArguments& given, const mail::SessionMix& session,
                    std::uint64_t seed, source::SourceOptions& options) {
  const auto needs = [](const auto& share, bool there, std::string_view key,
                        std::string_view option) {
    if (share && !there)
      throw Fatal(fmt::format("{} of the scenario's sessions needs {}", key, option));
  };
  needs(session.tls, given.starttls, "tls", "--starttls");
  needs(session.auth, given.auth.has_value(), "auth", "--auth");
  needs(session.pipelining, given.extensions().has(smtp::Extension::pipelining), "pipelining",
        "--pipelining");
  if (session.messages) {
    if (given.messages_per_session)
      said_twice("--messages-per-session", "how many a connection has");
    options.keep_session = true;
  }
  if (session.think) {
    if (given.pauses()) said_twice("-w or -R", "how long sessions think");
    if (given.open_loop()) {
      throw Fatal(
          "think of the scenario's sessions cannot be used with a rate, which says when messages "
          "are due");
    }
    options.pause = {.length = *session.think};
  }
  const bool in_clear = given.auth_in_clear || !sasl::reveals_secret(options.auth_mechanism);
  options.mix = source::ConnectionMix{.seed = seed, .session = session, .auth_in_clear = in_clear};
}

}  // namespace

void add_traffic_options(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "Messages that differ");
  group.value("--scenario", "FILE", "traffic as millrace-scenario(5) has it", given.scenario,
              some_text);
  group.value("--senders", "ADDRESSES", "a file, or a pattern: u{1-5000}@a.test", given.senders,
              as_in_scenario<mail::AddressOrigin>("senders", mail::mailboxes));
  group.value("--recipients", "ADDRESSES", "the same for recipients; or how many, as -r",
              given.all_recipients, all_recipients);
  group.value("--domains", "DOMAINS",
              "recipients' domains, with weights:\nbig.test=9,mid{1-40}.test=1", given.domains,
              as_in_scenario<mail::AddressOrigin>("domains", mail::domains));
  group.value("--size", "SIZE", "of messages: 14K, 1K-1M, 'lognormal 14K 1.1'", given.size,
              as_in_scenario<Distribution>("size", mail::message_sizes));
  group.value("--corpus", "PATH", "messages from files, a Maildir or an mbox", given.corpus,
              some_text);
  group.value("--template", "FILE", "a message with {{fields}}", given.message_template, some_text);
  group.value("--fields", "FILE", "what they are for each message: CSV", given.fields, some_text);
  group.each("--header", "TEXT", "a header line more: 'Name: text'", given.header, header_line);
  group.value("--show", "NUMBER", "show this message (from 0), send none", given.show,
              number<std::uint64_t>("message number", 0));
}

std::vector<mail::ClientGroup> build_traffic(const SourceArguments& given,
                                             source::SourceOptions& options) {
  if (!given.differs()) return {};
  Scenario scenario = read_scenario(given);
  complete(given, options, scenario);
  check_stamps(given, scenario);
  const std::uint64_t seed = given.seed.value_or(scenario.seed.value_or(options.message.run));
  build_sessions(given, scenario.session, seed, options);
  // RFC 6531, 3.2: nobody looks through them for header fields beyond ASCII.
  const bool from_files = std::ranges::any_of(scenario.kinds, [](const mail::MessageKind& kind) {
    return !std::holds_alternative<mail::GeneratedContent>(kind.content);
  });
  mail::WorkloadSettings settings{.seed = seed, .common = options.message, .headers = given.header};
  if (given.stamp) settings.most_recipients = proof::kMostRecipients;
  auto workload = mail::make_workload(scenario, settings);
  const std::string beyond_ascii = workload->mix().beyond_ascii();
  if (!beyond_ascii.empty() && !given.smtputf8) {
    throw Fatal(beyond_ascii + " is more than ASCII: addresses in UTF-8 need --smtputf8");
  }
  if (from_files || !beyond_ascii.empty()) {
    options.plan.optional.remove(smtp::Extension::smtp_utf8);
  }
  options.traffic = std::move(workload);
  return std::move(scenario.clients);
}

void show_message(const source::SourceOptions& options, std::uint64_t message) {
  const auto workload = source::workload_of(options);
  const auto messages = workload->messages();
  const smtp::ExtensionSet used = options.plan.wanted;
  Output out;
  messages->append_mail(message, used, out);
  for (std::size_t i = 0; i < messages->recipients(message); ++i) {
    messages->append_rcpt(message, i, used, out);
  }
  out.append("\r\n");
  messages->append_chunk(message, 0, messages->content_size(message), out);
  const std::string all = out.flattened();
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  for (std::string_view rest = all; !rest.empty();) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    const std::string shown = terminal ? printable(line) : std::string(line);
    std::fwrite(shown.data(), 1, shown.size(), stdout);
    if (end == std::string_view::npos) break;
    std::fputc('\n', stdout);
    rest.remove_prefix(end + 2);
  }
}

}  // namespace millrace::cli
