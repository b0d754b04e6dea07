#include "cli/store_option.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/printable.h"
#include "cli/command_line.h"
#include "cli/sink_arguments.h"
#include "sink/store/stores.h"

namespace millrace::cli {
namespace {

using Form = sink::StoreTarget::Form;

constexpr std::array kStoreForms = {Form::maildir,         Form::mbox,  Form::eml, Form::jsonl,
                                    Form::jsonl_with_text, Form::memory};

// Messages in memory.
constexpr std::uint64_t kMostInMemory = 100'000;

}  // namespace

sink::StoreTarget read_store(const std::string& text, std::string_view names) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view word = std::string_view(text).substr(0, colon);
  const auto* const form = std::find_if(kStoreForms.begin(), kStoreForms.end(),
                                        [word](Form one) { return sink::form_name(one) == word; });
  std::string path = text.substr(std::min(colon + 1, text.size()));
  const bool plain = path.find('\0') == std::string::npos;
  if (form == kStoreForms.end() || path.empty() || !plain) {
    reject("store", text, names,
           "expected maildir:DIR, mbox:FILE, eml:DIR, jsonl:FILE, jsonl+message:FILE or memory:N");
  }
  if (*form == Form::memory) {
    const auto most = whole_number(path, 1, kMostInMemory);
    if (!most) reject("store", text, names, "expected 1 to 100000 messages in memory");
    return {.form = *form, .most = static_cast<std::size_t>(*most)};
  }
  return {.form = *form, .path = std::move(path)};
}

void build_stores(const SinkArguments& given, sink::StoreOptions& stores) {
  for (const sink::StoreTarget& one : given.store) {
    const auto same = [&one](const sink::StoreTarget& other) { return other.path == one.path; };
    if (std::any_of(stores.targets.begin(), stores.targets.end(), same)) {
      const std::string place =
          one.form == Form::memory ? "in memory" : "at " + beginning(one.path);
      throw Fatal("two stores are " + place + ": each needs a place of its own");
    }
    stores.targets.push_back(one);
  }
  stores.sync = given.store_sync;
}

}  // namespace millrace::cli
