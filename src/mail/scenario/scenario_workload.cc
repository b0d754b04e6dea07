#include "mail/scenario/scenario_workload.h"

#include <utility>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "config/refusal.h"
#include "mail/corpus/corpus_kind.h"
#include "mail/csv.h"
#include "mail/dkim/signed_kind.h"
#include "mail/folding.h"
#include "mail/generated_kind.h"
#include "mail/header_form.h"
#include "mail/plain_kind.h"
#include "mail/template/row_recipients.h"
#include "mail/template/template_reader.h"

namespace millrace::mail {
namespace {

// What was made of something, or the sentence why not.
template <typename Made>
Made made(std::optional<Made> made, const std::string& why) {
  if (!made) throw Fatal(why);
  return std::move(*made);
}

// Weights of what a scenario lists.
template <typename Weighted>
Weights weights_of(const std::vector<Weighted>& items) {
  std::vector<double> weights;
  for (const Weighted& item : items) weights.push_back(item.weight);
  std::string why;
  auto all = Weights::make(weights, why);
  return made(std::move(all), why);
}

std::vector<Distribution> distributions_of(const Mixture& mixture) {
  std::vector<Distribution> distributions;
  for (const WeightedDistribution& item : mixture) distributions.push_back(item.distribution);
  return distributions;
}

// --- who

AddressSource source_of(const AddressOrigin& origin, AddressPart part) {
  std::string why;
  const auto* const file = std::get_if<FilePath>(&origin);
  auto source = file != nullptr ? AddressSource::of_file(file->path, part, why)
                                : AddressSource::of_patterns(
                                      std::get<std::vector<WeightedPattern>>(origin), part, why);
  return made(std::move(source), why);
}

std::variant<Senders, OnlySender> senders_of(const SenderMix& mix, const std::string& otherwise) {
  if (!mix.addresses) return OnlySender{.address = otherwise, .null_share = mix.null_share};
  return Senders{.addresses = source_of(*mix.addresses, AddressPart::mailbox),
                 .null_share = mix.null_share};
}

std::variant<Recipients, NumberedRecipients> recipients_of(const RecipientMix& mix,
                                                           std::size_t most,
                                                           const MessageOptions& otherwise) {
  if (!mix.addresses) {
    return NumberedRecipients(otherwise.forward_path, otherwise.recipient_number, most);
  }
  if (const auto* const whole = std::get_if<AddressOrigin>(&*mix.addresses)) {
    return Recipients{.addresses = source_of(*whole, AddressPart::mailbox)};
  }
  const auto& parts = std::get<OriginByPart>(*mix.addresses);
  return Recipients{.addresses = MailboxesByPart{
                        .local_parts = source_of(parts.local_parts, AddressPart::local_part),
                        .domains = source_of(parts.domains, AddressPart::domain)}};
}

RecipientCounts counts_of(const Mixture& mixture, const WorkloadSettings& settings) {
  const Mixture otherwise{
      {.distribution = Constant{static_cast<double>(settings.common.recipients)}}};
  const Mixture& counts = mixture.empty() ? otherwise : mixture;
  return {.counts = distributions_of(counts),
          .weights = weights_of(counts),
          .limit = settings.most_recipients};
}

// --- what

constexpr std::size_t kLargestTemplate = 16 * 1024 * 1024;  // bytes

std::string template_text(const std::string& path) {
  std::string text = read_all(open_input(path), path, kLargestTemplate);
  if (text.size() > kLargestTemplate) {
    throw Fatal(path + ": the template is too large (at most 16 MiB)");
  }
  return text;
}

// A template together with the values of its fields.
class OwnTemplateKind final : public Kind {
 public:
  OwnTemplateKind(std::shared_ptr<const Csv> fields, Template compiled)
      : fields_(std::move(fields)), kind_(std::move(compiled)) {}

  void make(const MessageFacts& facts, Content& content) const override {
    kind_.make(facts, content);
  }

 private:
  const std::shared_ptr<const Csv> fields_;
  const TemplateKind kind_;
};

struct MadeKind {
  std::unique_ptr<const Kind> kind;
  std::optional<RowRecipients> recipients;  // where it has its own
};

std::optional<RowRecipients> recipients_of(const TemplateContent& content,
                                           std::shared_ptr<const Csv> fields) {
  if (content.to.empty()) return std::nullopt;
  std::vector<std::string> mistakes;
  auto recipients = RowRecipients::of(std::move(fields), content.to, mistakes);
  if (!recipients) config::refuse(content.fields->path, mistakes);
  return recipients;
}

// One for each content that a kind may have.
struct KindMaker {
  MadeKind operator()(const GeneratedContent& content) const {
    return {.kind = std::make_unique<GeneratedKind>(content.body, sizes_of(content.size))};
  }

  MadeKind operator()(const CorpusContent& content) const {
    return {.kind = std::make_unique<CorpusKind>(Corpus(content.corpus.path, content.form))};
  }

  MadeKind operator()(const TemplateContent& content) const {
    std::shared_ptr<const Csv> fields;
    if (content.fields) fields = std::make_shared<const Csv>(Csv::read(content.fields->path));
    TemplateRead read =
        read_template(template_text(content.text.path), content.text.path, fields.get());
    if (!read.mistakes.empty()) config::refuse(content.text.path, read.mistakes);
    return {.kind = std::make_unique<OwnTemplateKind>(fields, std::move(read.compiled)),
            .recipients = recipients_of(content, fields)};
  }

  static Sizes sizes_of(const std::variant<Mixture, FilePath>& size) {
    if (const auto* const file = std::get_if<FilePath>(&size)) {
      return Sizes::of(Csv::read(file->path));
    }
    const auto& mixture = std::get<Mixture>(size);
    std::vector<double> weights;
    for (const WeightedDistribution& item : mixture) weights.push_back(item.weight);
    std::string why;
    auto sizes = Sizes::of(distributions_of(mixture), weights, why);
    return made(std::move(sizes), why);
  }
};

MadeKind kind_of(const MessageKind& message) {
  MadeKind made = std::visit(KindMaker{}, message.content);
  if (!message.dkim) return made;
  DkimSigner signer({.domain = message.dkim->domain,
                     .selector = message.dkim->selector,
                     .key_file = message.dkim->key.path});
  made.kind = std::make_unique<SignedKind>(std::move(made.kind), std::move(signer));
  return made;
}

// Where blanks may have a meaning of their own, a line stays as it was written.
std::string lines_of(const std::vector<std::string>& headers) {
  std::string lines;
  for (const std::string_view header : headers) {
    const std::size_t value = header.find(':') + 1;
    if (form_of_header(header.substr(0, value - 1)) == HeaderForm::unstructured) {
      lines.append(header.substr(0, value));
      append_folded(header.substr(value), lines);
    } else {
      lines.append(header);
    }
    lines.append("\r\n");
  }
  return lines;
}

Kinds kinds_of(const std::vector<MessageKind>& messages, const WorkloadSettings& settings) {
  const std::string of_all = lines_of(settings.headers);
  std::vector<Kinds::Named> kinds;
  for (const MessageKind& message : messages) {
    MadeKind made = kind_of(message);
    kinds.push_back({.name = message.name,
                     .kind = std::move(made.kind),
                     .extra_headers = of_all + lines_of(message.headers),
                     .recipients = std::move(made.recipients)});
  }
  if (!kinds.empty()) return {.kinds = std::move(kinds), .weights = weights_of(messages)};
  const MessageOptions& common = settings.common;
  kinds.push_back({.name = {},
                   .kind = std::make_unique<PlainKind>(common.headers, common.subject, common.body),
                   .extra_headers = of_all});
  return {.kinds = std::move(kinds), .weights = weights_of(Mixture{{}})};
}

}  // namespace

std::shared_ptr<const MixedWorkload> make_workload(const Scenario& scenario,
                                                   const WorkloadSettings& settings) {
  const MessageOptions& common = settings.common;
  RecipientCounts counts = counts_of(scenario.recipients.count, settings);
  const std::size_t most = counts.most();
  return std::make_shared<MixedWorkload>(
      Mix{.seed = settings.seed,
          .run = settings.common.run,
          .senders = senders_of(scenario.senders, common.reverse_path),
          .recipients = recipients_of(scenario.recipients, most, common),
          .counts = std::move(counts),
          .kinds = kinds_of(scenario.kinds, settings),
          .envelope = common.envelope,
          .host_name = common.host_name,
          .date = common.date});
}

}  // namespace millrace::mail
