#include "report/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "base/ready.h"
#include "base/utf8.h"
#include "report/writer.h"

namespace millrace::report {
namespace {

constexpr std::uint64_t kSecondsALine = 10;
constexpr std::size_t kSparks = 30;    // seconds of the sparkline
constexpr std::size_t kBarWidth = 24;  // columns
constexpr std::size_t kUsualColumns = 80;
constexpr std::size_t kLeastColumns = 20;

std::string microseconds(const metrics::Histogram& histogram, double share) {
  if (histogram.empty()) return "-";
  return latency(static_cast<double>(histogram.percentile(share)));
}

std::uint64_t sum(const std::array<std::uint64_t, metrics::kErrors>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return std::max<std::size_t>(size.ws_col, kLeastColumns);
}

// Cut to so many columns. UTF-8 sequences count as one, escape sequences as none.
std::string cut(std::string_view text, std::size_t columns) {
  std::string shown;
  bool escape = false;
  bool kept = false;  // the character that a continuation belongs to
  for (const char byte : text) {
    const bool continues = continues_utf8(byte);
    if (byte == '\x1b') escape = true;
    if (!escape && !continues) {
      kept = columns > 0;
      if (kept) --columns;
    }
    if (escape || kept) shown += byte;
    if (escape && byte == 'm') escape = false;
  }
  return shown;
}

void write_error(std::string_view text) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

// Writes as much as standard error takes without a wait, or with one of `patience`; returns how
// much that was. Where nobody is left to read, that is all.
std::size_t write_while_ready(std::string_view text, std::chrono::milliseconds patience) {
  std::size_t done = 0;
  while (done < text.size() && ready_for_output(STDERR_FILENO, patience)) {
    const std::string_view piece = ready_piece(text.substr(done));
    const ssize_t written = write(STDERR_FILENO, piece.data(), piece.size());
    if (written < 0) return text.size();
    done += static_cast<std::size_t>(written);
  }
  return done;
}

// What waits for its next attempt, where messages come back.
std::string waiting(std::uint64_t messages) {
  return messages > 0 ? fmt::format(", {} waiting for a retry", count(messages)) : std::string();
}

// What the server has accepted and not passed on yet.
std::string backlog(const metrics::ProgressSnapshot& snapshot) {
  return snapshot.backlog ? fmt::format(", backlog {}", count(*snapshot.backlog)) : std::string();
}

std::string asked_rate(const metrics::ProgressSnapshot& snapshot) {
  return snapshot.asked > 0 ? " of " + rate(snapshot.asked) + " asked" : std::string();
}

}  // namespace

// A search makes one run after the other: no line is of two. The seconds of one rise, but the first
// need not be among them.
void ProgressLines::take(const metrics::Second& second) {
  if (second.number <= last_) *this = ProgressLines();
  last_ = second.number;
  counters_.add(second.counters);
  intended_.add(second.intended);
  errors_ += sum(second.errors);
  ++seconds_;
}

std::string ProgressLines::line(const metrics::ProgressSnapshot& snapshot) const {
  const double length = static_cast<double>(std::max<std::uint64_t>(seconds_, 1));
  return fmt::format("{}: {}{}, p50 {}, p99 {}, max {}, {} in flight{}{}, {} error{}{}",
                     span(in_seconds(snapshot.elapsed)),
                     rate(static_cast<double>(counters_.delivered) / length), asked_rate(snapshot),
                     microseconds(intended_, 0.5), microseconds(intended_, 0.99),
                     microseconds(intended_, 1), snapshot.second ? snapshot.second->in_flight : 0,
                     waiting(snapshot.second ? snapshot.second->waiting : 0), backlog(snapshot),
                     errors_, plural(errors_), snapshot.winding_up ? ", winding up" : "");
}

void ProgressLines::show(const metrics::ProgressSnapshot& snapshot) {
  if (snapshot.second) take(*snapshot.second);
  if (seconds_ < kSecondsALine || !ready_for_output(STDERR_FILENO)) return;
  inform(line(snapshot));
  *this = ProgressLines();
}

void LiveView::take(const metrics::Second& second) {
  second_ = second;
  counters_.add(second.counters);
  for (std::size_t kind = 0; kind < metrics::kErrors; ++kind) errors_[kind] += second.errors[kind];
  if (!second.latest_error.empty()) latest_error_ = second.latest_error;
  rates_.push_back(static_cast<double>(second.counters.delivered));
  if (rates_.size() > kSparks) rates_.pop_front();
}

std::string LiveView::draw(const metrics::ProgressSnapshot& snapshot, std::size_t columns) const {
  const double elapsed = in_seconds(snapshot.elapsed);
  Styled clock{span(elapsed)};
  if (snapshot.length) {
    const double share = std::min(1.0, elapsed / std::max(in_seconds(*snapshot.length), 1e-9));
    const std::string bar = style_.bar(share, kBarWidth).text;
    const auto width = static_cast<std::size_t>(
        std::count_if(bar.begin(), bar.end(), [](char byte) { return !continues_utf8(byte); }));
    clock.text =
        fmt::format("{} of {} [{}{:{}}] {} left", span(elapsed), span(in_seconds(*snapshot.length)),
                    bar, "", kBarWidth - std::min(width, kBarWidth),
                    span(std::max(0.0, in_seconds(*snapshot.length) - elapsed)));
  }
  Styled errors{"none"};
  if (sum(errors_) > 0) {
    std::string kinds;
    for (std::size_t kind = 0; kind < metrics::kErrors; ++kind) {
      if (errors_[kind] == 0) continue;
      kinds += fmt::format("{} {}  ", metrics::kErrorNames[kind], count(errors_[kind]));
    }
    errors = style_.red(kinds + latest_error_);
  }
  const std::vector<double> rates(rates_.begin(), rates_.end());
  Writer out(style_);  // kLines lines
  out.line("{}  {}", clock, snapshot.winding_up ? "winding up" : snapshot.stage);
  out.line("rate     {:>9}{}  {} in flight, {} session{}",
           rate(static_cast<double>(second_.counters.delivered)), asked_rate(snapshot),
           second_.in_flight, second_.sessions_open, plural(second_.sessions_open));
  out.line("latency  p50 {:>7}  p99 {:>7}  max {:>7}  in the last second",
           microseconds(second_.intended, 0.5), microseconds(second_.intended, 0.99),
           microseconds(second_.intended, 1));
  out.line("sent     {:>9}{}{}  {}", count(counters_.delivered), waiting(second_.waiting),
           backlog(snapshot), style_.sparkline(rates));
  out.line("errors   {}", errors);
  const std::string whole = out.take();
  std::string text;
  for (std::string_view rest = whole; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    text.append(cut(line, columns)).append("\n");
    rest.remove_prefix(line.size() + 1);
  }
  return text;
}

LiveView::LiveView(const Style& style) : style_(style) {
  divert_messages([this](std::string_view line) { say(line); });
}

LiveView::~LiveView() { divert_messages({}); }

// What takes the view off the screen, with the cursor where it began.
std::string LiveView::erased() const {
  return drawn_.empty() ? std::string() : fmt::format("\x1b[{}A\r\x1b[J", kLines);
}

void LiveView::show(const metrics::ProgressSnapshot& snapshot) {
  if (snapshot.second) take(*snapshot.second);
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;  // a message waits for somebody to read it
  if (unwritten_.empty()) {
    unwritten_ = erased();
    drawn_ = draw(snapshot, terminal_columns() - 1);
    unwritten_ += drawn_;
  }
  unwritten_.erase(0, write_while_ready(unwritten_, {}));
}

void LiveView::say(std::string_view line) {
  const std::lock_guard lock(mutex_);
  write_error(std::exchange(unwritten_, {}).append(erased()).append(line).append(drawn_));
}

void LiveView::end() {
  const std::lock_guard lock(mutex_);
  write_while_ready(std::exchange(unwritten_, {}).append(erased()), std::chrono::seconds(1));
  drawn_.clear();
}

}  // namespace millrace::report
