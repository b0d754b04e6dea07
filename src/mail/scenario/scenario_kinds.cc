#include "mail/scenario/scenario_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/printable.h"
#include "config/words.h"
#include "mail/scenario/scenario_texts.h"
#include "mail/scenario/scenario_values.h"
#include "smtp/path.h"

namespace millrace::mail {
namespace {

using config::Entry;
using config::KeyReader;
using config::Mistakes;
using config::place_of;
using config::Value;
using config::Words;

constexpr std::size_t kLongestName = 64;

// What of a kind is read, before it is put together.
struct KindDraft {
  MessageKind kind;
  Mixture size;
  std::optional<FilePath> histogram;
  BodyForm body = BodyForm::text;
  std::optional<FilePath> corpus;
  CorpusForm form = CorpusForm::fresh;
  std::optional<FilePath> text;
  std::optional<FilePath> fields;
  std::string to;
};

void read_name(const Entry& entry, KindDraft& draft) {
  auto name = entry.text();
  if (!name) return;
  const bool good =
      !name->empty() && name->size() <= kLongestName && printable(*name, Charset::utf8) == *name;
  if (!good) return entry.reject(*name, "1 to 64 bytes that can be printed");
  draft.kind.name = std::move(*name);
}

void read_body(const Entry& entry, KindDraft& draft) {
  constexpr Words<BodyForm, 4> kWords = {{{"text", BodyForm::text},
                                          {"attachment", BodyForm::attachment},
                                          {"html", BodyForm::html},
                                          {"filler", BodyForm::filler}}};
  config::read_word(entry, kWords, draft.body);
}

void read_form(const Entry& entry, KindDraft& draft) {
  constexpr Words<CorpusForm, 2> kWords = {{{"fresh", CorpusForm::fresh}, {"is", CorpusForm::is}}};
  config::read_word(entry, kWords, draft.form);
}

template <std::optional<FilePath> KindDraft::*kPath>
void read_file_of(const Entry& entry, KindDraft& draft) {
  draft.*kPath = read_path(entry);
}

void read_to(const Entry& entry, KindDraft& draft) {
  auto column = entry.text();
  if (!column) return;
  if (column->empty()) return entry.reject(*column, "the name of a column");
  draft.to = std::move(*column);
}

// --- header lines

void read_headers(const Entry& entry, KindDraft& draft) {
  for (Value& value : entry.values(true)) {
    if (!is_header_line(value.text)) {
      entry.reject(value,
                   "as \"Name: text\": one line of at most 998 bytes, of no field that messages "
                   "have anyway");
    } else if (draft.kind.headers.size() == kMostScenarioHeaders) {
      entry.mistakes().add(value.place, "too many headers",
                           fmt::format("{} at most", kMostScenarioHeaders));
      return;
    } else {
      draft.kind.headers.push_back(std::move(value.text));
    }
  }
}

// --- signatures

template <std::string DkimSettings::*kName>
void read_domain(const Entry& entry, DkimSettings& settings) {
  auto text = entry.text();
  if (!text) return;
  if (!smtp::valid_domain(*text)) {
    return entry.reject(*text, "a name of labels with dots between them");
  }
  settings.*kName = std::move(*text);
}

constexpr std::array<KeyReader<DkimSettings>, 3> kDkim = {{
    {"domain", read_domain<&DkimSettings::domain>},
    {"selector", read_domain<&DkimSettings::selector>},
    {"key", [](const Entry& entry,
               DkimSettings& settings) { settings.key = read_path(entry).value_or(FilePath{}); }},
}};

void read_dkim(const Entry& entry, KindDraft& draft) {
  const auto* table = entry.table();
  if (table == nullptr) return;
  DkimSettings settings;
  config::read_table(*table, "dkim", kDkim, settings, entry.mistakes());
  for (const auto& row : kDkim) {
    if (table->contains(row.key)) continue;
    entry.mistakes().add(entry.place(), fmt::format("dkim has no {}", row.key));
  }
  draft.kind.dkim = std::move(settings);
}

constexpr std::array<KeyReader<KindDraft>, 12> kKindKeys = {{
    {"name", read_name},
    {"weight", [](const Entry& entry,
                  KindDraft& draft) { draft.kind.weight = read_weight(entry).value_or(1); }},
    {"size",
     [](const Entry& entry, KindDraft& draft) { draft.size = read_mixture(entry, message_sizes); }},
    {"histogram", read_file_of<&KindDraft::histogram>},
    {"body", read_body},
    {"corpus", read_file_of<&KindDraft::corpus>},
    {"as", read_form},
    {"template", read_file_of<&KindDraft::text>},
    {"fields", read_file_of<&KindDraft::fields>},
    {"to", read_to},
    {"headers", read_headers},
    {"dkim", read_dkim},
}};

// --- what belongs together

constexpr std::array<std::string_view, 4> kContents = {"size", "histogram", "corpus", "template"};

void check_content(const toml::table& table, Mistakes& mistakes) {
  std::string_view first;
  for (const std::string_view key : kContents) {
    const auto place = place_of(table, key);
    if (!place) continue;
    if (!first.empty()) {
      mistakes.add(*place, fmt::format("{} and {} exclude each other", key, first));
    } else {
      first = key;
    }
  }
  if (first.empty()) {
    mistakes.add(place_of(table), "a message without content",
                 fmt::format("one of {}", fmt::join(kContents, ", ")));
  }
}

// A key that says something of one sort of content only.
struct Refinement {
  std::string_view key;
  std::array<std::string_view, 2> of;  // one of these must be there
  std::string_view told;
};
constexpr std::array<Refinement, 4> kRefinements = {{
    {"body", {"size", "histogram"}, "size or histogram"},
    {"as", {"corpus", "corpus"}, "corpus"},
    {"fields", {"template", "template"}, "template"},
    {"to", {"fields", "fields"}, "fields"},
}};

void check_refinements(const toml::table& table, Mistakes& mistakes) {
  for (const Refinement& row : kRefinements) {
    const auto place = place_of(table, row.key);
    if (!place || table.contains(row.of[0]) || table.contains(row.of[1])) continue;
    mistakes.add(*place, fmt::format("{} goes with {}", row.key, row.told),
                 fmt::format("{} as well", row.told));
  }
}

// What is sent as it is has no lines put to it. (A signature changes nothing of what it signs.)
void check_as_is(const toml::table& table, const KindDraft& draft, Mistakes& mistakes) {
  const auto place = place_of(table, "headers");
  if (draft.form != CorpusForm::is || !place) return;
  mistakes.add(*place, "headers change what is sent as it is", "as = \"fresh\"");
}

MessageKind put_together(KindDraft draft) {
  if (draft.corpus) {
    draft.kind.content = CorpusContent{.corpus = std::move(*draft.corpus), .form = draft.form};
  } else if (draft.text) {
    draft.kind.content = TemplateContent{.text = std::move(*draft.text),
                                         .fields = std::move(draft.fields),
                                         .to = std::move(draft.to)};
  } else {
    GeneratedContent generated{.size = std::move(draft.size), .body = draft.body};
    if (draft.histogram) generated.size = std::move(*draft.histogram);
    draft.kind.content = std::move(generated);
  }
  return std::move(draft.kind);
}

}  // namespace

MessageKind read_kind(const toml::table& table, Mistakes& mistakes) {
  KindDraft draft;
  config::read_table(table, "message", kKindKeys, draft, mistakes);
  if (!table.contains("name")) {
    mistakes.add(place_of(table), "a message without name", "name = \"receipt\"");
  }
  check_content(table, mistakes);
  check_refinements(table, mistakes);
  check_as_is(table, draft, mistakes);
  return put_together(std::move(draft));
}

}  // namespace millrace::mail
