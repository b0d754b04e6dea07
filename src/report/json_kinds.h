// The kinds of values that a run is made of: each knows how it is written and how it is read.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/quantity.h"
#include "base/time.h"
#include "report/json_field.h"
#include "report/json_values.h"

namespace millrace::report {

// How often something occurred.
struct Count {
  static Json written(std::uint64_t number) { return number; }
  static void read(const Json& json, std::uint64_t& number, Reading& /*reading*/) {
    number = to_count(json);
  }
};

// Another whole number, up to `kMost`.
template <std::uint64_t kMost>
struct Whole {
  template <typename Number>
  static Json written(Number number) {
    return number;
  }
  template <typename Number>
  static void read(const Json& json, Number& number, Reading& /*reading*/) {
    number = static_cast<Number>(to_whole(json, kMost));
  }
};

// A number from 0 to `kMost`.
template <std::uint64_t kMost>
struct Real {
  static Json written(double number) { return number; }
  static void read(const Json& json, double& number, Reading& /*reading*/) {
    number = to_real(json, static_cast<double>(kMost));
  }
};

// The same, written to three digits behind the point.
template <std::uint64_t kMost>
struct Thousandths : Real<kMost> {
  static Json written(double number) { return thousandths(number); }
};

// A duration in seconds; 0 for what has no end.
struct Seconds {
  static Json written(Duration duration) {
    return duration == Duration::max() ? 0.0 : in_seconds(duration);
  }
  static void read(const Json& json, Duration& duration, Reading& /*reading*/) {
    constexpr double kMost = 1e9;
    duration = std::chrono::round<Duration>(std::chrono::duration<double>(to_real(json, kMost)));
  }
};

struct Flag {
  static Json written(bool flag) { return flag; }
  static void read(const Json& json, bool& flag, Reading& /*reading*/) { flag = json.get<bool>(); }
};

struct Text {
  static Json written(const std::string& text) { return text; }
  static void read(const Json& json, std::string& text, Reading& /*reading*/) {
    text = json.get_ref<const std::string&>();
  }
};

// One of `kWords`, which are the names of an enumeration in its order.
template <const auto& kWords>
struct Word {
  template <typename Enum>
  static Json written(Enum value) {
    return kWords[static_cast<std::size_t>(value)];
  }
  template <typename Enum>
  static void read(const Json& json, Enum& value, Reading& /*reading*/) {
    value = static_cast<Enum>(to_index(json, kWords));
  }
};

// A record, by the table of its fields.
template <const auto& kFields>
struct Object {
  template <typename Record>
  static Json written(const Record& record) {
    return write_fields(kFields, record);
  }
  template <typename Record>
  static void read(const Json& json, Record& record, Reading& reading) {
    read_fields(kFields, json, record, reading);
  }
};

template <typename Kind>
struct List {
  template <typename Value>
  static Json written(const std::vector<Value>& values) {
    Json list = Json::array();
    for (const Value& value : values) list.push_back(Kind::written(value));
    return list;
  }
  template <typename Value>
  static void read(const Json& json, std::vector<Value>& values, Reading& reading) {
    check_list(json);
    for (const Json& one : json) Kind::read(one, values.emplace_back(), reading);
  }
};

// A value that not every record has: the condition of its row (where()) says which.
template <typename Kind>
struct Optional {
  template <typename Value>
  static Json written(const std::optional<Value>& value) {
    return Kind::written(*value);
  }
  template <typename Value>
  static void read(const Json& json, std::optional<Value>& value, Reading& reading) {
    Kind::read(json, value.emplace(), reading);
  }
};

// A value for each of `kNames`; those that are not `kTold` are left out. What a file lacks is
// nothing, so a name may be new in any version.
template <typename Kind, const auto& kNames, auto* kTold>
struct ByName {
  template <typename Values>
  static Json written(const Values& values) {
    Json object = Json::object();
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (kTold(values[i])) object[std::string(kNames[i])] = Kind::written(values[i]);
    }
    return object;
  }
  template <typename Values>
  static void read(const Json& json, Values& values, Reading& reading) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      const Json* const value = member(json, kNames[i], false);
      if (value != nullptr) Kind::read(*value, values[i], reading);
    }
  }
};

}  // namespace millrace::report
