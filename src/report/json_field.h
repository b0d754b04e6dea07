// How a record is an object in JSON: a table with a row a member, which is walked to write it and
// to read it.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>

#include "metrics/histogram.h"

namespace millrace::report {

using Json = nlohmann::ordered_json;

// A file of a run while it is read.
struct Reading {
  std::uint64_t minor = 0;          // the minor version of its schema
  std::size_t histogram_pages = 0;  // of memory that its histograms take so far
  metrics::Histogram of_row;        // memory for the one of the row that is being read
};

// A member. One that an older file lacks stays as it is in a record that was just made; what a
// file has besides is passed over.
template <typename Record>
struct Field {
  // Empty: the members of an object that become members of this one.
  std::string_view name;
  Json (*written)(const Record& record) = nullptr;
  // None: it follows from others, and is there for other readers than ours.
  void (*read)(const Json& json, Record& record, Reading& reading) = nullptr;
  // The minor version of the schema that it came with: a file of this version or later has it.
  std::uint64_t since = 0;
  // Whether a record has it, as the rows before it tell; none: each has.
  bool (*has)(const Record& record) = nullptr;
};

// A member of an object; nothing when it has none of this name, which is an error when it is
// needed.
const Json* member(const Json& object, std::string_view name, bool needed);

template <typename Record, std::size_t kCount>
Json write_fields(const std::array<Field<Record>, kCount>& fields, const Record& record) {
  Json object = Json::object();
  for (const Field<Record>& field : fields) {
    if (field.has && !field.has(record)) continue;
    if (field.name.empty()) {
      object.update(field.written(record));
    } else {
      object[std::string(field.name)] = field.written(record);
    }
  }
  return object;
}

template <typename Record, std::size_t kCount>
void read_fields(const std::array<Field<Record>, kCount>& fields, const Json& object,
                 Record& record, Reading& reading) {
  for (const Field<Record>& field : fields) {
    if (!field.read) continue;
    if (field.name.empty()) {
      field.read(object, record, reading);
      continue;
    }
    const bool needed = field.since <= reading.minor && (!field.has || field.has(record));
    const Json* const json = member(object, field.name, needed);
    if (json != nullptr) field.read(*json, record, reading);
  }
}

// The rows of tables. `Kind` (json_kinds.h) knows how a value is written and read.

template <typename Owner, typename Value>
Owner owner_of(Value Owner::*);

template <auto kMember, auto... kMembers>
constexpr auto& reach(auto& record) {
  if constexpr (sizeof...(kMembers) == 0) {
    return record.*kMember;
  } else {
    return reach<kMembers...>(record.*kMember);
  }
}

// What is reached from a record by a member, and by a member of that: &Run::environment,
// &Environment::host.
template <typename Kind, auto kMember, auto... kMembers>
constexpr auto field(std::string_view name, std::uint64_t since = 0) {
  using Record = decltype(owner_of(kMember));
  return Field<Record>{.name = name,
                       .written = [](const Record& record) -> Json {
                         return Kind::written(reach<kMember, kMembers...>(record));
                       },
                       .read =
                           [](const Json& json, Record& record, Reading& reading) {
                             Kind::read(json, reach<kMember, kMembers...>(record), reading);
                           },
                       .since = since};
}

// An object that holds some of what the record itself holds.
template <typename Kind, typename Record>
constexpr Field<Record> part(std::string_view name) {
  return {.name = name,
          .written = [](const Record& record) -> Json { return Kind::written(record); },
          .read = [](const Json& json, Record& record,
                     Reading& reading) { Kind::read(json, record, reading); }};
}

// What follows from others.
template <typename Record>
constexpr Field<Record> figure(std::string_view name, Json (*written)(const Record&)) {
  return {.name = name, .written = written};
}

template <typename Record>
constexpr Field<Record> figure(Field<Record> field) {
  field.read = nullptr;
  return field;
}

// What only some records have.
template <typename Record>
constexpr Field<Record> where(bool (*has)(const std::type_identity_t<Record>&),
                              Field<Record> field) {
  field.has = has;
  return field;
}

}  // namespace millrace::report
