#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "sink/rules/rule_reader.h"

namespace millrace::sink {

// Rules in the forms that they are told and given in over HTTP. Whatever the form, what is given is
// read as a file of rules is, and is as right or wrong as that.

// What a text says: of a file of rules, or of one rule. Or else what is wrong with it.
struct JsonRead {
  nlohmann::json value;
  std::vector<std::string> mistakes;
};
JsonRead read_json(std::string_view text);
// TOML as JSON.
JsonRead read_toml(std::string_view text);

// A rule (rules::RulesRead::sources) as JSON, always with "enabled".
nlohmann::json rule_json(const std::string& source);

// What these objects say, a rule each. In mistakes a rule is known by its name, or its number.
rules::RulesRead rules_of(const std::vector<nlohmann::json>& objects);

// A file of these rules.
std::string rules_toml(const std::vector<std::string>& sources);

// Status 400, with what is wrong.
http::Response mistaken(const std::vector<std::string>& mistakes);

}  // namespace millrace::sink
