#include "source/clients/script_player.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "sasl/gnu_sasl.h"

namespace millrace::source {
namespace {

using mail::Act;
using mail::Step;
using metrics::ClientCounts;
using metrics::ReplyCounts;
using smtp::Verb;

// Longer texts are not copied: they are the script's.
constexpr std::size_t kCopied = 1'024;

// Who writes slowly writes so often a second, or once a byte where that is more seldom.
constexpr std::uint64_t kWrites = 10;

// "\0user\0password" (RFC 4616), which nobody has.
std::string guess(std::uint64_t number) {
  using namespace std::string_literals;
  return sasl::encode_base64("\0guess"s + std::to_string(number) + "\0wrong"s +
                             std::to_string(number));
}

void replace(std::string& text, std::string_view name, const std::string& value) {
  if (const std::size_t at = text.find(name); at != std::string::npos) {
    text.replace(at, name.size(), value);
  }
}

}  // namespace

void ScriptPlayer::play(const mail::Script& script, FileDescriptor socket,
                        const net::SocketAddress& address, metrics::ClientMetrics& counted) {
  script_ = &script;
  counted_ = &counted;
  replies_.emplace();
  while (!awaited_.empty()) awaited_.pop_front();
  slow_text_ = {};
  counted_bytes_ = {};
  rate_ = repeated_ = at_ = 0;
  last_digit_ = 0;
  hung_up_ = nullptr;
  begun_step_ = reads_slowly_ = server_leaves_ = smuggling_ = content_said_ = false;
  tick_for_ = Tick::none;
  state_ = State::connecting;
  waiting_since_ = loop_.now();
  loop_.timers().start(limit_, loop_.now() + reply_limit_);
  stream_.connect(std::move(socket), address);
}

void ScriptPlayer::on_connected() {
  if (state_ != State::connecting) return;
  state_ = State::playing;
  begun_ = waiting_since_ = loop_.now();
  ++counted_->counts.connections;
  awaited_.push_back(smtp::index(Verb::connect));
  owner_.append_head(stream_.output());
  if (tls_from_start_) stream_.secure(std::make_unique<net::TlsFilter>(*tls_));
  go_on();
}

void ScriptPlayer::go_on() {
  while (state_ == State::playing && !stream_.finishing()) {
    const Step& now = step();
    if (!begun_step_) {
      begun_step_ = true;
      begin(now);
    }
    if (!done(now)) break;
    go_to(at_ + 1);
  }
}

void ScriptPlayer::go_to(std::size_t step) {
  at_ = step;
  begun_step_ = false;
}

void ScriptPlayer::begin(const Step& step) {
  waiting_since_ = loop_.now();
  switch (step.act) {
    case Act::say:
      if (step.verb == Verb::end_of_data) content_said_ = true;
      if (step.verb) awaited_.push_back(smtp::index(*step.verb));
      return put(step.text);
    case Act::repeat:
      repeated_ = 0;
      return repeat(step);
    case Act::pause:
      return tick_in(Tick::pause, Duration(static_cast<Duration::rep>(step.number)));
    case Act::write_slowly:
      rate_ = step.number;
      return;
    case Act::read_slowly:
      reads_slowly_ = true;
      stream_.hold();
      return tick_in(Tick::read, kSlowLook);
    case Act::secure:
      return stream_.secure(std::make_unique<net::TlsFilter>(*tls_));
    case Act::renegotiate:
      return stream_.renegotiate();
    case Act::leave:
      stream_.end_output();
      return hang_up(&ClientCounts::by_client);
    case Act::reset:
      hang_up(&ClientCounts::by_client);
      return stream_.reset();
    case Act::await:
    case Act::stay:
      return;
  }
}

// Whether the step is over; else it goes on when something comes, or a timer is due.
bool ScriptPlayer::done(const Step& step) {
  switch (step.act) {
    case Act::say:
      return slow_text_.empty() && tick_for_ != Tick::write;
    case Act::repeat:
      return repeated_ == step.number;
    case Act::await:
      if (!awaited_.empty()) return false;
      if (step.number == 0 || static_cast<int>(step.number) == last_digit_) return true;
      // What would follow makes no sense to this server any more.
      go_to(script_->farewell - 1);
      return true;
    case Act::pause:
      return tick_for_ == Tick::none;
    case Act::secure:
      return stream_.tls() != nullptr && stream_.tls()->secured();
    case Act::write_slowly:
    case Act::read_slowly:
    case Act::renegotiate:
    case Act::leave:
      return true;
    case Act::reset:
    case Act::stay:
      return false;
  }
  return false;
}

void ScriptPlayer::put(std::string_view text) {
  if (rate_ > 0) {
    slow_text_ = text;
    return put_slowly();
  }
  if (text.size() <= kCopied) {
    stream_.output().append(text);
  } else {
    stream_.output().append_borrowed(text);
  }
}

void ScriptPlayer::put_slowly() {
  const std::uint64_t share = std::max<std::uint64_t>(1, rate_ / kWrites);
  const auto length = std::min<std::size_t>(slow_text_.size(), share);
  stream_.output().append(slow_text_.substr(0, length));
  slow_text_.remove_prefix(length);
  // What comes next keeps to the rate as well.
  tick_in(Tick::write, Duration(std::chrono::seconds(1)) * static_cast<Duration::rep>(length) /
                           static_cast<Duration::rep>(rate_));
}

void ScriptPlayer::repeat(const Step& step) {
  while (repeated_ < step.number && awaited_.size() < step.window) {
    ++repeated_;
    std::string text = step.text;
    replace(text, "{n}", std::to_string(repeated_));
    if (text.find("{guess}") != std::string::npos) replace(text, "{guess}", guess(repeated_));
    awaited_.push_back(step.verb ? smtp::index(*step.verb) : ReplyCounts::kUnknown);
    stream_.output().append(text);
  }
}

std::size_t ScriptPlayer::on_bytes(std::string_view bytes) {
  const std::size_t all = bytes.size();
  if (state_ != State::playing) return all;
  smtp::Reply reply;
  for (;;) {
    const auto result = replies_->next(bytes, reply);
    if (result == smtp::ReplyReader::Result::more) break;
    if (result == smtp::ReplyReader::Result::too_long) {
      hang_up(&ClientCounts::failed);
      stream_.abort();
      return all;
    }
    replied(reply);
  }
  if (begun_step_ && step().act == Act::repeat) repeat(step());
  go_on();
  if (reads_slowly_) {
    stream_.hold();
    tick_in(Tick::read, kSlowLook);
  }
  return all;
}

void ScriptPlayer::replied(const smtp::Reply& reply) {
  waiting_since_ = loop_.now();
  last_digit_ = reply.code / 100;
  // The goodbye is answered by 221 alone: what comes before that, nobody has asked for.
  const bool to_quit = !awaited_.empty() && awaited_.front() == smtp::index(Verb::quit);
  const bool unasked = awaited_.empty() || (to_quit && reply.code != 221 && !reply.closing());
  const std::size_t command = unasked ? ReplyCounts::kUnknown : awaited_.front();
  counted_->replies.count(command, reply.code, reply.text);
  if (!unasked) awaited_.pop_front();
  if (command == smtp::index(Verb::end_of_data)) content_answered(reply.code / 100 == 2);
  if (unasked && script_->smuggles && content_said_) {
    if (smuggling_ && reply.positive_completion()) ++counted_->counts.smuggled;
    smuggling_ = reply.code == 354;
  }
  if (to_quit && !unasked) hang_up(&ClientCounts::after_quit);
  if (reply.closing()) {
    leave_to_server();
    slow_text_ = {};
    if (tick_for_ == Tick::pause) {
      loop_.timers().stop(tick_);
      tick_for_ = Tick::none;
    }
    go_to(script_->steps.size() - 1);
  } else if (hung_up_ != nullptr) {
    look_soon();
  }
}

void ScriptPlayer::content_answered(bool taken) {
  taken ? ++counted_->counts.taken : ++counted_->counts.rejected;
}

void ScriptPlayer::hang_up(Count by) {
  if (hung_up_ == nullptr) hung_up_ = by;
  waiting_since_ = loop_.now();
  look_soon();
}

// The server is going to hang up, and what else was to be said is in vain.
void ScriptPlayer::leave_to_server() {
  server_leaves_ = true;
  waiting_since_ = loop_.now();
  look_soon();
}

void ScriptPlayer::look_soon() { loop_.timers().start(limit_, loop_.now() + farewell_limit_); }

// Whether the server has nothing more to do than to hang up.
bool ScriptPlayer::settled() const {
  if (server_leaves_) return true;
  return hung_up_ != nullptr && !owed() && stream_.all_sent();
}

// Whether the server has a command to answer. The greeting answers none: who leaves without having
// heard it does not wait for it.
bool ScriptPlayer::owed() const {
  const bool greeting = !awaited_.empty() && awaited_.front() == smtp::index(Verb::connect);
  return awaited_.size() > (greeting ? 1U : 0U);
}

void ScriptPlayer::on_secured() {
  if (state_ == State::playing) go_on();
}

void ScriptPlayer::on_tls_failure(std::string_view /*what*/) {
  if (state_ != State::playing) return;
  hang_up(&ClientCounts::failed);
  leave_to_server();
}

void ScriptPlayer::on_timer(net::Timer& timer) {
  if (&timer == &tick_) {
    const Tick what = std::exchange(tick_for_, Tick::none);
    if (what == Tick::write && !slow_text_.empty()) put_slowly();
    if (what == Tick::read) {
      tick_in(Tick::read, kSlowLook);
      stream_.release();
    }
    if (state_ != State::playing) return;
    go_on();
    return stream_.flush();
  }
  // What is being sent has its time too, but not to a server that is to be left.
  const Duration patience = settled() ? farewell_limit_ : reply_limit_;
  const TimePoint since =
      server_leaves_ ? waiting_since_ : std::max(waiting_since_, stream_.last_sent());
  const TimePoint due = tick_for_ == Tick::pause ? loop_.now() + patience : since + patience;
  if (loop_.now() < due) {
    // Nobody tells when the last of it has gone.
    const bool leaves = hung_up_ != nullptr;
    loop_.timers().start(limit_, leaves ? std::min(due, loop_.now() + farewell_limit_) : due);
    return;
  }
  if (hung_up_ == nullptr) hung_up_ = &ClientCounts::timed_out;
  stream_.abort();
}

void ScriptPlayer::tick_in(Tick what, Duration time) {
  tick_for_ = what;
  loop_.timers().start(tick_, loop_.now() + time);
}

ScriptPlayer::Count ScriptPlayer::ended_by(int error) const {
  if (hung_up_ != nullptr) return hung_up_;
  if (error == ECONNRESET || error == EPIPE) return &ClientCounts::by_reset;
  return error == 0 ? &ClientCounts::by_server : &ClientCounts::failed;
}

void ScriptPlayer::on_end(int error) {
  if (state_ == State::connecting) {
    stop_timers();
    state_ = State::idle;
    // Without an error it was given up here.
    return owner_.not_connected(error != 0 ? error : ETIMEDOUT);
  }
  if (state_ != State::playing) return;
  over(ended_by(error));
  state_ = State::idle;
  owner_.script_over();
}

void ScriptPlayer::stop_timers() {
  loop_.timers().stop(limit_);
  loop_.timers().stop(tick_);
}

void ScriptPlayer::over(Count by) {
  stop_timers();
  ++(counted_->counts.*by);
  count_bytes();
  counted_->held.record(loop_.now() - begun_);
}

// As much as has not been counted yet.
void ScriptPlayer::count_bytes() {
  const net::Traffic moved{.sent = stream_.sent() - counted_bytes_.sent,
                           .received = stream_.received_bytes() - counted_bytes_.received};
  counted_bytes_.sent += moved.sent;
  counted_bytes_.received += moved.received;
  moved_.sent += moved.sent;
  moved_.received += moved.received;
  counted_->counts.bytes_sent += moved.sent;
  counted_->counts.bytes_received += moved.received;
}

net::Traffic ScriptPlayer::take_traffic() {
  if (state_ == State::playing) count_bytes();
  return std::exchange(moved_, {});
}

void ScriptPlayer::stop() {
  if (state_ == State::playing) over(&ClientCounts::by_end);
  const bool there = state_ == State::playing || state_ == State::connecting;
  state_ = State::stopped;
  stop_timers();
  if (there) stream_.abort();
}

}  // namespace millrace::source
