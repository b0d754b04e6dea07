#include "cli/opening_letter.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace millrace::cli {
namespace {

using nlohmann::json;

// A name is bytes, which JSON in its text form could not have.
std::string to_text(const InputCopies::Index& index) {
  json files = json::array();
  for (const auto& [path, size] : index.files) files.push_back({path, size});
  json listings = json::array();
  for (const auto& [path, names] : index.listings) listings.push_back({path, names});
  std::string text;
  json::to_cbor(json{{"files", std::move(files)}, {"listings", std::move(listings)}}, text);
  return text;
}

InputCopies::Index index_of(std::string_view text) {
  const json all = json::from_cbor(text);
  InputCopies::Index index;
  for (const json& file : all.at("files")) {
    index.files.push_back({.path = file.at(0), .size = file.at(1)});
  }
  for (const json& listing : all.at("listings")) {
    index.listings.push_back({.path = listing.at(0), .files = listing.at(1)});
  }
  return index;
}

}  // namespace

// Two sizes, what is said, the index, and the contents, of which there should not be two.
std::string with_files(std::string_view said, InputCopies files) {
  const std::string index = to_text(files.index());
  const std::string sizes = json::array({said.size(), index.size()}).dump() + '\n';
  std::string letter = files.take_contents();
  letter.insert(0, sizes + std::string(said) + index);
  return letter;
}

OpenedLetter open_letter(std::string letter) {
  const std::size_t line = letter.find('\n') + 1;
  const auto sizes = json::parse(std::string_view(letter).substr(0, line));
  const std::size_t said = sizes.at(0);
  const std::size_t index = sizes.at(1);
  std::string opening = letter.substr(line, said);
  InputCopies::Index files = index_of(std::string_view(letter).substr(line + said, index));
  letter.erase(0, line + said + index);
  return {.said = std::move(opening), .files = InputCopies(std::move(files), std::move(letter))};
}

}  // namespace millrace::cli
