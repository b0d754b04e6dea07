#include <gtest/gtest.h>

#include <string>

#include "report/json_kinds.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using test::message_of;

struct Wheel {
  std::uint64_t turns = 0;
  double share = 0.5;
};

struct Mill {
  std::string name;
  std::uint64_t stones = 2;
  bool tidal = false;
  Wheel wheel;
  std::vector<Wheel> others;
};

constexpr auto kWheelFields = std::to_array<Field<Wheel>>({
    field<Count, &Wheel::turns>("turns"),
    field<Thousandths<1>, &Wheel::share>("share", 3),
});

constexpr auto kMillFields = std::to_array<Field<Mill>>({
    field<Text, &Mill::name>("name"),
    figure<Mill>("letters", [](const Mill& mill) -> Json { return mill.name.size(); }),
    field<Count, &Mill::stones>("stones", 2),
    field<Flag, &Mill::tidal>("tidal"),
    where([](const Mill& mill) { return mill.tidal; },
          field<Count, &Mill::wheel, &Wheel::turns>("tides")),
    field<Object<kWheelFields>, &Mill::wheel>(""),
    field<List<Object<kWheelFields>>, &Mill::others>("others"),
});

Mill read_mill(const std::string& text, std::uint64_t minor) {
  Mill mill;
  Reading reading{.minor = minor};
  read_fields(kMillFields, Json::parse(text), mill, reading);
  return mill;
}

TEST(JsonFields, ARecordIsWrittenInTheOrderOfItsTable) {
  const Mill mill{
      .name = "Hill", .wheel = {.turns = 7, .share = 0.12345}, .others = {{.turns = 8}}};
  EXPECT_EQ(write_fields(kMillFields, mill).dump(),
            R"({"name":"Hill","letters":4,"stones":2,"tidal":false,"turns":7,"share":0.123,)"
            R"("others":[{"turns":8,"share":0.5}]})");
}

TEST(JsonFields, WhatIsWrittenIsRead) {
  const std::string text =
      R"({"name":"Hill","letters":4,"stones":3,"tidal":true,"tides":7,"turns":7,"share":0.25,)"
      R"("others":[{"turns":8,"share":1.0}]})";
  const Mill mill = read_mill(text, 3);
  EXPECT_EQ(mill.others.at(0).turns, 8U);
  EXPECT_EQ(write_fields(kMillFields, mill).dump(), text);
}

TEST(JsonFields, WhatAnOlderFileLacksIsAsInANewRecord) {
  const Mill mill =
      read_mill(R"({"name":"Hill","tidal":false,"turns":7,"others":[{"turns":8}]})", 1);
  EXPECT_EQ(mill.stones, 2U);
  EXPECT_EQ(mill.wheel.share, 0.5);
  EXPECT_EQ(mill.others.at(0).share, 0.5);
}

TEST(JsonFields, WhatAFileIsNewEnoughForItHas) {
  const auto said = [](const std::string& text, std::uint64_t minor) {
    return message_of([&] { read_mill(text, minor); });
  };
  const std::string old = R"({"name":"Hill","tidal":false,"turns":7,"others":[]})";
  EXPECT_EQ(said(old, 1), "nothing was thrown");
  EXPECT_EQ(said(old, 2), "key 'stones' not found");
  EXPECT_EQ(said(R"({"name":"Hill","tidal":true,"turns":7,"others":[]})", 1),
            "key 'tides' not found");
  EXPECT_EQ(said(R"({"name":"Hill","stones":1,"tidal":false,"turns":7,"others":[]})", 3),
            "key 'share' not found");
  EXPECT_EQ(said(R"({"stones":1})", 0), "key 'name' not found");
  EXPECT_EQ(said("[]", 0), "key 'name' not found");
}

TEST(JsonFields, WhatIsNotInTheTableIsPassedOver) {
  const Mill mill = read_mill(
      R"({"owner":{"deep":[1]},"name":"Hill","letters":"wrong","tidal":false,"turns":7,"others":[]})",
      0);
  EXPECT_EQ(mill.name, "Hill");
}

}  // namespace
}  // namespace millrace::report
