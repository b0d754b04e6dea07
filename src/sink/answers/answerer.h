#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/stream.h"
#include "sink/answers/answer_mail.h"
#include "sink/answers/answer_queue.h"
#include "smtp/client_session.h"
#include "threads/worker_threads.h"

namespace millrace::sink {

// Where answers go, and how patient their sender is.
struct AnswererOptions {
  std::vector<net::SocketAddress> addresses;  // of the one endpoint, tried in turn; one at least
  std::string host_name;       // ours; where it is no domain, "localhost" is said in its place
  std::optional<double> rate;  // transactions a second; none: as fast as the endpoint takes them

  Duration reply_limit = std::chrono::seconds(60);  // for each step of the dialogue
  Duration idle_limit = std::chrono::seconds(5);    // then the connection is closed
  // Between connects that did not get a message through: doubled each time, up to the second.
  Duration first_pause = std::chrono::seconds(1);
  Duration longest_pause = std::chrono::seconds(30);
  // Until an answer is tried again that was refused for a while, or lost with its connection: four
  // times as long each time.
  Duration retry_pause = std::chrono::seconds(5);
  unsigned tries = 5;                              // of an answer
  Duration drain_limit = std::chrono::seconds(1);  // when the program ends
};

// Sends the answers of a queue as they fall due, on a thread of its own, over one connection at a
// time. Nothing of what an endpoint does, or its absence, reaches the sink's workers.
class Answerer final : public threads::Worker,
                       public smtp::ClientObserver,
                       private net::StreamHandler {
 public:
  // `queue` must outlive this, and be attached to no other. Throws Fatal.
  Answerer(const net::Engine& engine, AnswerQueue& queue, AnswererOptions options);

  // Returns when it is to end and what is due has been sent, as far as drain_limit allows.
  void run() override;
  void woken(threads::Urgency urgency) override;

 private:
  enum class State : std::uint8_t {
    off,
    pausing,  // after a connection that got nothing through
    connecting,
    talking,
    closing,  // on_end() is next
  };

  // net::StreamHandler
  void on_connected() override;
  std::size_t on_bytes(std::string_view bytes) override;
  void on_end(int error) override;

  // smtp::ClientObserver
  void replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
               smtp::Outcome outcome) override;
  void message_sent(std::uint64_t /*message*/) override {}
  void message_over(std::uint64_t message, std::size_t recipients) override;

  void step();
  void talk();
  void connect();
  void next_address();
  void pause();
  void leave();
  void close();
  bool send_next();
  void put_off(Answer answer);
  [[nodiscard]] bool ending() const { return end_ != TimePoint::max(); }
  [[nodiscard]] bool over() const;
  [[nodiscard]] bool may_send() const;
  [[nodiscard]] std::optional<TimePoint> next_send() const;
  [[nodiscard]] bool more_to_send() const;
  [[nodiscard]] std::optional<TimePoint> next_step() const;

  AnswerQueue& queue_;
  const AnswererOptions options_;
  const std::string domain_;
  const smtp::ClientPlan plan_;
  const std::uint64_t run_;  // makes Message-IDs of different runs differ
  AnswerMail mail_;
  net::Stream stream_;
  std::optional<smtp::ClientSession> client_;
  std::optional<Answer> current_;  // on its way
  int refusal_ = 0;                // the code by which it was refused
  std::uint64_t number_ = 0;       // of the last message that was sent
  std::size_t address_ = 0;        // that is tried next
  std::size_t failed_ = 0;         // addresses, one after the other
  Duration pause_;                 // the next
  TimePoint deadline_;  // of a pause, of a step of the dialogue, or of an idle connection
  TimePoint slot_;      // the rate allows the next from here on
  TimePoint end_ = TimePoint::max();  // until when things may be sent
  State state_ = State::off;
  bool welcome_ = true;       // on this connection: nothing was refused but answers
  bool got_through_ = false;  // on this connection: with a message, or there was none
};

}  // namespace millrace::sink
