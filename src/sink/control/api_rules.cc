// The routes of rules: told, replaced, changed and taken out while the sink runs.

#include <algorithm>
#include <utility>

#include "sink/control/api.h"
#include "sink/control/rule_text.h"

namespace millrace::sink {
namespace {

using nlohmann::json;

constexpr std::string_view kToml = "application/toml";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kMergePatch = "application/merge-patch+json";

const char* const kNoRule = "there is no rule of this name";
const char* const kBadForm = "expected Content-Type: application/json or application/toml";

// The change is made, and not yet everywhere.
http::Response held_up() {
  return http::refusal(503,
                       "the rules are changed, but a thread of the sink is held up: until it is "
                       "not its sessions go by those of before");
}

// What it counts, or tells, that nobody gives.
void drop_told(json& rule) {
  if (rule.is_object()) rule.erase("hits");
}

std::optional<std::size_t> index_of(const rules::RulesRead& named, const std::string& name) {
  const auto same = [&name](const rules::Rule& rule) { return rule.name == name; };
  const auto rule = std::find_if(named.rules.begin(), named.rules.end(), same);
  if (rule == named.rules.end()) return std::nullopt;
  return static_cast<std::size_t>(rule - named.rules.begin());
}

bool wants_toml(const http::Request& request) {
  return request.accept.find(kToml) != std::string::npos;
}

http::Response toml_response(std::string text) {
  return {.media_type = std::string(kToml), .body = std::move(text)};
}

// The rules that a body has; or why it has none.
rules::RulesRead rules_in(const http::Request& request) {
  if (request.media_type == kToml) return rules::read_rules(request.body, "rules");
  JsonRead read = read_json(request.body);
  if (!read.mistakes.empty()) return {.mistakes = std::move(read.mistakes)};
  json& value = read.value;
  if (!value.is_object() || value.size() != 1 || !value.contains("rules") ||
      !value["rules"].is_array()) {
    return {.mistakes = {R"(expected {"rules": [...]})"}};
  }
  if (value["rules"].size() > rules::kMostRules) return {.mistakes = {"too many rules"}};
  std::vector<json> objects(value["rules"].begin(), value["rules"].end());
  for (json& object : objects) drop_told(object);
  return rules_of(objects);
}

// The change of a rule that a body has.
JsonRead patch_in(const http::Request& request) {
  JsonRead read = request.media_type == kToml ? read_toml(request.body) : read_json(request.body);
  if (read.mistakes.empty() && !read.value.is_object()) {
    read.mistakes.emplace_back("expected an object with what is to change");
  }
  drop_told(read.value);
  return read;
}

bool known_form(const http::Request& request, bool patch) {
  return request.media_type == kToml || request.media_type == kJson ||
         (patch && request.media_type == kMergePatch);
}

json rule_told(const rules::RulesRead& named, std::size_t place, const rules::Hits& now,
               const rules::Hits& before) {
  const std::string& name = named.rules[place].name;
  json rule = rule_json(named.sources[place]);
  const auto counted =
      std::find_if(now.begin(), now.end(), [&name](const auto& one) { return one.first == name; });
  rule["hits"] = hits_since(name, counted == now.end() ? 0 : counted->second, before);
  return rule;
}

}  // namespace

Api::Changed Api::change_rules(const std::function<bool(rules::RulesRead& named)>& change) {
  if (!parts_.rules.change(change)) return Changed::nothing;
  const bool everywhere = parts_.live.reach_all();
  const std::lock_guard lock(mutex_);
  news_.notify_all();
  return everywhere ? Changed::everywhere : Changed::not_yet_everywhere;
}

Api::HitsTold Api::count_hits() {
  HitsTold hits{.before = before_now().counted.hits, .now = {}};
  hits.now = parts_.rules.in_force().hits();
  return hits;
}

json Api::rules_told() {
  parts_.live.ask();
  const HitsTold hits = count_hits();
  json list = json::array();
  parts_.rules.read([&](const rules::RulesRead& named) {
    for (std::size_t place = 0; place < named.rules.size(); ++place) {
      list.push_back(rule_told(named, place, hits.now, hits.before));
    }
  });
  return {{"rules", std::move(list)}};
}

http::Response Api::get_rules(const http::Request& request, const std::string& /*name*/) {
  if (!wants_toml(request)) return json_response(rules_told());
  std::string text;
  parts_.rules.read([&](const rules::RulesRead& named) { text = rules_toml(named.sources); });
  return toml_response(std::move(text));
}

http::Response Api::put_rules(const http::Request& request, const std::string& name) {
  if (!known_form(request, false)) return http::refusal(415, kBadForm);
  rules::RulesRead read = rules_in(request);
  if (!read.mistakes.empty()) return mistaken(read.mistakes);
  const Changed changed = change_rules([&read](rules::RulesRead& named) {
    named = std::move(read);
    return true;
  });
  return changed == Changed::everywhere ? get_rules(request, name) : held_up();
}

http::Response Api::get_rule(const http::Request& request, const std::string& name) {
  if (!wants_toml(request)) parts_.live.ask();
  const HitsTold hits = count_hits();
  http::Response response = http::refusal(404, kNoRule);
  parts_.rules.read([&](const rules::RulesRead& named) {
    const auto place = index_of(named, name);
    if (!place) return;
    response = wants_toml(request) ? toml_response(rules_toml({named.sources[*place]}))
                                   : json_response(rule_told(named, *place, hits.now, hits.before));
  });
  return response;
}

http::Response Api::patch_rule(const http::Request& request, const std::string& name) {
  if (!known_form(request, true)) return http::refusal(415, kBadForm);
  const JsonRead patch = patch_in(request);
  if (!patch.mistakes.empty()) return mistaken(patch.mistakes);
  http::Response refused = http::refusal(404, kNoRule);
  std::string new_name;
  const Changed changed = change_rules([&](rules::RulesRead& named) {
    const auto place = index_of(named, name);
    if (!place) return false;
    json rule = read_toml(named.sources[*place]).value;
    rule.merge_patch(patch.value);
    rules::RulesRead read = rules_of({rule});
    if (read.mistakes.empty()) {
      new_name = read.rules.front().name;
      const auto other = index_of(named, new_name);
      if (other && other != place)
        read.mistakes.push_back(new_name + ": is the name of another rule");
    }
    if (!read.mistakes.empty()) {
      refused = mistaken(read.mistakes);
      return false;
    }
    named.rules[*place] = std::move(read.rules.front());
    named.sources[*place] = std::move(read.sources.front());
    return true;
  });
  if (changed == Changed::nothing) return refused;
  return changed == Changed::everywhere ? get_rule(request, new_name) : held_up();
}

http::Response Api::delete_rule(const http::Request& /*request*/, const std::string& name) {
  const Changed changed = change_rules([&name](rules::RulesRead& named) {
    const auto place = index_of(named, name);
    if (!place) return false;
    named.rules.erase(named.rules.begin() + static_cast<std::ptrdiff_t>(*place));
    named.sources.erase(named.sources.begin() + static_cast<std::ptrdiff_t>(*place));
    return true;
  });
  if (changed == Changed::nothing) return http::refusal(404, kNoRule);
  return changed == Changed::everywhere ? http::Response{.status = 204} : held_up();
}

}  // namespace millrace::sink
