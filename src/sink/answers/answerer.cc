#include "sink/answers/answerer.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <ctime>
#include <random>
#include <utility>

#include "base/roll.h"
#include "net/socket.h"
#include "sink/answers/answer_message.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

// How late a thread may be by its own fault and still catch up with the rate.
constexpr std::chrono::milliseconds kSlack{10};

// A rate of less than one in that time is as good as none.
constexpr double kLongestInterval = 366 * 24 * 3600.0;  // in seconds

// From one try of an answer to the next.
constexpr int kPauseFactor = 4;

smtp::ClientPlan plan_for(const std::string& domain) {
  const smtp::ExtensionSet pipelining = {smtp::Extension::pipelining};
  return {.hello_verb = smtp::Verb::ehlo,
          .hello_name = domain,
          .wanted = pipelining,
          .optional = pipelining};
}

}  // namespace

Answerer::Answerer(const net::Engine& engine, AnswerQueue& queue, AnswererOptions options)
    : threads::Worker(engine),
      queue_(queue),
      options_(std::move(options)),
      domain_(smtp::valid_domain(options_.host_name) ? options_.host_name : "localhost"),
      plan_(plan_for(domain_)),
      run_(random_seed()),
      stream_(loop(), *this, net::Side::client),
      pause_(options_.first_pause) {
  queue_.attach(loop());
}

void Answerer::run() {
  loop().begin_turn();
  for (;;) {
    step();
    if (over()) break;
    loop().turn(next_step());
    loop().update_now();
  }
  if (current_) queue_.put_back(*std::exchange(current_, std::nullopt));
  if (state_ == State::off || state_ == State::pausing) return;
  close();
  const TimePoint limit = loop().now() + options_.drain_limit;
  while (state_ == State::closing && Clock::now() < limit) loop().turn(limit);
}

void Answerer::woken(threads::Urgency urgency) {
  if (urgency == threads::Urgency::none) return;
  const bool at_once = urgency == threads::Urgency::at_once;
  end_ = std::min(end_, loop().now() + (at_once ? Duration::zero() : options_.drain_limit));
}

// Whether it is to end, and nothing more can be sent by then.
bool Answerer::over() const {
  if (!ending()) return false;
  if (loop().now() >= end_) return true;
  if (state_ == State::off) return !more_to_send();
  return state_ == State::pausing && (!more_to_send() || deadline_ >= end_);
}

bool Answerer::may_send() const { return state_ == State::talking && client_->may_send(); }

// When the next answer is due and the rate allows it.
std::optional<TimePoint> Answerer::next_send() const {
  const auto due = queue_.next_due();
  if (!due) return std::nullopt;
  return std::max(*due, slot_);
}

bool Answerer::more_to_send() const {
  const auto next = next_send();
  return next && *next < end_;
}

// When something is to be done, if nothing happens until then.
std::optional<TimePoint> Answerer::next_step() const {
  std::optional<TimePoint> next;
  const auto bound = [&next](TimePoint time) { next = std::min(next.value_or(time), time); };
  if (ending()) bound(end_);
  if (state_ != State::off && state_ != State::closing) bound(deadline_);
  if (const auto send = next_send(); send && (state_ == State::off || may_send())) bound(*send);
  return next;
}

void Answerer::step() {
  const TimePoint now = loop().now();
  switch (state_) {
    case State::pausing:
      if (now < deadline_) return;
      state_ = State::off;
      [[fallthrough]];
    case State::off:
      if (const auto next = next_send(); next && *next <= now) connect();
      return;
    case State::connecting:
      if (now >= deadline_) close();
      return;
    case State::talking:
      talk();
      if (state_ == State::talking && now >= deadline_) close();
      return;
    case State::closing:
      return;
  }
}

// Acts on where the dialogue has arrived.
void Answerer::talk() {
  using DialoguePhase = smtp::ClientSession::DialoguePhase;
  switch (client_->phase()) {
    case DialoguePhase::opening:
    case DialoguePhase::leaving:
      return;
    case DialoguePhase::open:
      if (!client_->idle()) return;
      if (!welcome_ || client_->exhausted()) return leave();
      if (send_next()) return;
      if (loop().now() < deadline_ && (!ending() || more_to_send())) return;
      got_through_ = true;
      return leave();
    case DialoguePhase::opening_failed:
      return leave();
    default:
      return close();
  }
}

void Answerer::connect() {
  const net::SocketAddress& address = options_.addresses[address_];
  FileDescriptor socket(::socket(address.family(), SOCK_STREAM | loop().socket_flags(), 0));
  if (!socket.valid()) return next_address();
  net::configure(socket, address.family(), {.reset_on_close = true});
  state_ = State::connecting;
  got_through_ = false;
  deadline_ = loop().now() + options_.reply_limit;
  stream_.connect(std::move(socket), address);
}

void Answerer::on_connected() {
  state_ = State::talking;
  failed_ = 0;
  deadline_ = loop().now() + options_.reply_limit;
  welcome_ = true;
  client_.emplace(plan_, smtp::ClientSession::Identity{}, mail_, *this);
}

std::size_t Answerer::on_bytes(std::string_view bytes) {
  if (state_ != State::talking) return bytes.size();
  const std::size_t taken = client_->feed(bytes, stream_.output());
  if (client_->idle()) deadline_ = loop().now() + options_.idle_limit;
  return taken;
}

// Sends the answer that is due, if there is one and the rate allows it.
bool Answerer::send_next() {
  const TimePoint now = loop().now();
  if (slot_ > now) return false;
  current_ = queue_.take(now);
  if (!current_) return false;
  if (options_.rate) {
    const std::chrono::duration<double> interval(std::min(1 / *options_.rate, kLongestInterval));
    slot_ = std::max(slot_, now - kSlack) + std::chrono::ceil<Duration>(interval);
  }
  refusal_ = 0;
  deadline_ = now + options_.reply_limit;
  mail_.put(current_->sender,
            answer_message(*current_, {.host_name = domain_,
                                       .id = fmt::format("{:016x}.{}", run_, ++number_),
                                       .date = std::time(nullptr)}));
  client_->send(number_, stream_.output());
  stream_.flush();
  return true;
}

// A reply moves the deadline; a server that says its replies a byte a minute does not.
void Answerer::replied(const smtp::PendingCommand& /*command*/, const smtp::Reply& reply,
                       smtp::Outcome outcome) {
  deadline_ = loop().now() + options_.reply_limit;
  if (!current_) welcome_ = welcome_ && outcome != smtp::Outcome::refused;
  if (outcome != smtp::Outcome::expected && refusal_ == 0) refusal_ = reply.code;
}

void Answerer::message_over(std::uint64_t /*message*/, std::size_t recipients) {
  Answer answer = std::move(*current_);
  current_.reset();
  const bool for_good = refusal_ / 100 == 5;
  got_through_ = got_through_ || recipients > 0 || for_good;
  if (recipients > 0) {
    queue_.sent();
  } else if (for_good) {
    queue_.refused(refusal_);
  } else {
    put_off(std::move(answer));
  }
}

// It was not taken, but may be later.
void Answerer::put_off(Answer answer) {
  if (++answer.tries >= options_.tries) return queue_.given_up();
  Duration wait = options_.retry_pause;
  for (unsigned tried = 1; tried < answer.tries; ++tried) wait *= kPauseFactor;
  answer.due = loop().now() + wait;
  queue_.put_back(std::move(answer));
}

void Answerer::leave() {
  client_->quit(stream_.output());
  deadline_ = loop().now() + options_.idle_limit;
  stream_.flush();
}

void Answerer::close() {
  state_ = State::closing;
  stream_.abort();
}

void Answerer::on_end(int /*error*/) {
  const bool connected = client_.has_value();
  client_.reset();
  state_ = State::off;
  if (current_) put_off(*std::exchange(current_, std::nullopt));
  if (got_through_) {
    pause_ = options_.first_pause;
    return;
  }
  if (connected) failed_ = options_.addresses.size();  // somebody is there: no other is sought
  next_address();
}

// The one that was tried was of no use. The next one is tried at once, until all have been.
void Answerer::next_address() {
  address_ = (address_ + 1) % options_.addresses.size();
  if (++failed_ < options_.addresses.size()) return;
  failed_ = 0;
  pause();
}

void Answerer::pause() {
  state_ = State::pausing;
  deadline_ = loop().now() + pause_;
  pause_ = std::min(pause_ * 2, options_.longest_pause);
}

}  // namespace millrace::sink
