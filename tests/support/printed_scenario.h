#pragma once

#include <fmt/format.h>

#include <string>
#include <variant>

#include "mail/scenario/scenario.h"

// A scenario as text, a line for each thing that it says.
namespace millrace::mail {

inline std::string printed(const Distribution& distribution) {
  struct Printer {
    std::string operator()(const Constant& one) const { return fmt::format("{}", one.value); }
    std::string operator()(const Uniform& range) const {
      return fmt::format("{} to {}", range.least, range.most);
    }
    std::string operator()(const Exponential& some) const {
      return fmt::format("exponential {}", some.mean);
    }
    std::string operator()(const Lognormal& some) const {
      return fmt::format("lognormal {} {}", some.median, some.sigma);
    }
    std::string operator()(const Pareto& some) const {
      return fmt::format("pareto {} {}", some.least, some.alpha);
    }
    std::string operator()(const Geometric& some) const {
      return fmt::format("geometric {}", some.mean);
    }
  };
  return std::visit(Printer(), distribution);
}

inline std::string printed(const FilePath& file) { return "file " + file.path; }

inline std::string printed(const Mixture& mixture) {
  std::string text;
  for (const auto& [distribution, weight] : mixture) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", printed(distribution), weight);
  }
  return text;
}

inline std::string printed(const AddressOrigin& origin) {
  if (const auto* file = std::get_if<FilePath>(&origin)) return printed(*file);
  std::string text;
  for (const auto& [pattern, weight] : std::get<0>(origin)) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", pattern, weight);
  }
  return text;
}

inline std::string printed(const MessageKind& kind) {
  struct Printer {
    std::string operator()(const GeneratedContent& content) const {
      constexpr const char* kForms[] = {"text", "attachment", "html", "filler"};
      return fmt::format("{} of {}", kForms[static_cast<std::size_t>(content.body)],
                         std::visit([](const auto& size) { return printed(size); }, content.size));
    }
    std::string operator()(const CorpusContent& content) const {
      return fmt::format("corpus {}, {}", printed(content.corpus),
                         content.form == CorpusForm::fresh ? "fresh" : "as it is");
    }
    std::string operator()(const TemplateContent& content) const {
      return fmt::format("template {}, {}{}", printed(content.text),
                         content.fields ? printed(*content.fields) : "no fields",
                         content.to.empty() ? "" : ", to " + content.to);
    }
  };
  std::string text =
      fmt::format("{}, {}: {}\n", kind.name, kind.weight, std::visit(Printer(), kind.content));
  for (const std::string& header : kind.headers) text += fmt::format("  {}\n", header);
  if (kind.dkim) {
    text += fmt::format("  signed by {} {} {}\n", kind.dkim->domain, kind.dkim->selector,
                        printed(kind.dkim->key));
  }
  return text;
}

inline std::string printed(const Scenario& scenario) {
  std::string text;
  const auto line = [&text](std::string_view name, const auto& value) {
    text += fmt::format("{}: {}\n", name, value);
  };
  if (scenario.seed) line("seed", *scenario.seed);
  if (scenario.senders.addresses) line("senders", printed(*scenario.senders.addresses));
  if (scenario.senders.null_share > 0) line("null senders", scenario.senders.null_share);
  if (const auto& addresses = scenario.recipients.addresses) {
    if (const auto* parts = std::get_if<OriginByPart>(&*addresses)) {
      line("local parts", printed(parts->local_parts));
      line("domains", printed(parts->domains));
    } else {
      line("recipients", printed(std::get<AddressOrigin>(*addresses)));
    }
  }
  if (!scenario.recipients.count.empty()) line("count", printed(scenario.recipients.count));
  for (const MessageKind& kind : scenario.kinds) text += printed(kind);
  const SessionMix& session = scenario.session;
  if (session.messages) line("messages", printed(*session.messages));
  if (session.tls) line("tls", *session.tls);
  if (session.auth) line("auth", *session.auth);
  if (session.pipelining) line("pipelining", *session.pipelining);
  if (!session.helo.empty()) line("helo", session.helo);
  if (session.think) line("think", printed(*session.think));
  for (const ClientGroup& group : scenario.clients) {
    text += fmt::format("client {}: {}\n", group.behaviour.text, group.weight);
  }
  return text;
}

}  // namespace millrace::mail
