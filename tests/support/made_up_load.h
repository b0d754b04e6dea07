// Load models with a made-up clock, and senders that only ask them for messages.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "source/load_model.h"
#include "source/recorder.h"
#include "source/retry_queue.h"
#include "source/sender.h"

namespace millrace::source {

// Asks when it is told to go on, unless it is busy, and notes what it is told.
struct MadeUpSender final : Sender {
  MadeUpSender(LoadModel& model, const TimePoint& clock, std::uint64_t number)
      : model(model), clock(clock), place(number) {}

  void go() override {
    if (!busy) ask();
  }
  [[nodiscard]] std::uint64_t number() const override { return place; }
  [[nodiscard]] bool started() const override { return !messages.empty(); }

  // The answer; one who has to wait says that it does.
  Next::When ask() {
    Next next = model.next(*this, clock);
    answers.push_back(next.when);
    if (next.when == Next::When::now) {
      messages.push_back(next.arrival.message);
      intended.push_back(next.arrival.intended);
      arrival = std::move(next.arrival);
    }
    if (next.when == Next::When::soon || next.when == Next::When::later) model.wait(*this, clock);
    return next.when;
  }
  // The message that it has is not taken.
  void fail(RetryQueue& retries) {
    ++arrival.attempt;
    retries.put_back(arrival, clock);
  }

  LoadModel& model;
  const TimePoint& clock;
  const std::uint64_t place;
  bool busy = false;
  std::vector<Next::When> answers;
  std::vector<std::uint64_t> messages;
  std::vector<TimePoint> intended;
  Arrival arrival;  // the last
};

class MadeUpLoad : public testing::Test {
 protected:
  void closed(std::vector<Stage> schedule, std::uint64_t messages, unsigned sessions) {
    begin(std::move(schedule), messages, sessions);
    model = std::make_unique<ClosedLoop>(*shared, retries ? &*retries : nullptr);
  }
  void open(std::vector<Stage> schedule, std::uint64_t messages, unsigned first = 0,
            unsigned step = 1) {
    load.open_loop = true;
    begin(std::move(schedule), messages, step);
    model =
        std::make_unique<OpenLoop>(*shared, first, step, OpenLoop::Observers{&*recorder, journal},
                                   retries ? &*retries : nullptr);
  }
  MadeUpSender& sender(std::uint64_t number) {
    senders.push_back(std::make_unique<MadeUpSender>(*model, now, number));
    return *senders.back();
  }
  void pass(Duration time) {
    now += time;
    if (const auto due = model->due(); due && *due <= now) model->dispatch(now);
  }
  static Stage level(double level, Duration length) {
    return {.name = "x", .length = length, .from = level, .to = level};
  }
  [[nodiscard]] const metrics::Metrics& measured(std::size_t stage = 0) const {
    return recorder->stages()[stage];
  }

  Load load;
  std::optional<std::size_t> retry_limit;  // messages come back, by this policy
  const RetryPolicy policy{.first = std::chrono::seconds(1)};
  std::optional<SharedLoad> shared;
  std::optional<RetryQueue> retries;
  std::optional<Recorder> recorder;
  WorkerJournal* journal = nullptr;  // an open loop tells it
  std::unique_ptr<LoadModel> model;
  std::vector<std::unique_ptr<MadeUpSender>> senders;
  const TimePoint start{std::chrono::hours(1)};
  TimePoint now = start;

 private:
  void begin(std::vector<Stage> schedule, std::uint64_t messages, unsigned sessions) {
    load.schedule = std::move(schedule);
    shared.emplace(load, messages, sessions);
    shared->begin(start);
    if (retry_limit) retries.emplace(policy, *retry_limit, shared->end());
    recorder.emplace(shared->schedule(), start);
  }
};

}  // namespace millrace::source
