#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "fleet/post.h"

namespace millrace::fleet::test {

// What other ranks see of one: letters that come from it, and those that go to it. From any thread.
class MadeUpMail {
 public:
  explicit MadeUpMail(unsigned rank, unsigned ranks) : rank(rank), ranks(ranks) {}

  void come(unsigned from, Subject subject, std::string text = {}) {
    const std::lock_guard lock(mutex_);
    incoming_.push_back({.rank = from, .letter = {.subject = subject, .text = std::move(text)}});
  }
  std::optional<Addressed> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !hangs_; });
    if (incoming_.empty()) return std::nullopt;
    Addressed first = std::move(incoming_.front());
    incoming_.pop_front();
    return first;
  }
  void go(unsigned to, Letter letter) {
    const std::lock_guard lock(mutex_);
    outgoing_.push_back({.rank = to, .letter = std::move(letter)});
    changed_.notify_all();
  }
  // Waits until one goes out to that rank.
  Letter next(unsigned to, Subject subject) {
    std::unique_lock lock(mutex_);
    for (;;) {
      for (auto one = outgoing_.begin(); one != outgoing_.end(); ++one) {
        if (one->rank != to || one->letter.subject != subject) continue;
        Letter letter = std::move(one->letter);
        outgoing_.erase(one);
        return letter;
      }
      changed_.wait(lock);
    }
  }
  std::size_t count(unsigned to, Subject subject) {
    const std::lock_guard lock(mutex_);
    std::size_t all = 0;
    for (const Addressed& one : outgoing_) {
      if (one.rank == to && one.letter.subject == subject) ++all;
    }
    return all;
  }
  // Whether whoever uses the post waits in it.
  void hang(bool hangs) {
    const std::lock_guard lock(mutex_);
    hangs_ = hangs;
    changed_.notify_all();
  }
  void close() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !hangs_; });
    is_closed = true;
  }

  const unsigned rank;
  const unsigned ranks;
  std::atomic<unsigned> unread{0};  // by each of the others
  std::atomic<bool> is_closed{false};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Addressed> incoming_;
  std::deque<Addressed> outgoing_;
  bool hangs_ = false;
};

class MadeUpPost final : public Post {
 public:
  explicit MadeUpPost(std::shared_ptr<MadeUpMail> mail) : mail_(std::move(mail)) {}

  [[nodiscard]] unsigned rank() const override { return mail_->rank; }
  [[nodiscard]] unsigned ranks() const override { return mail_->ranks; }
  void send(unsigned rank, Letter letter) override { mail_->go(rank, std::move(letter)); }
  void send_piece(unsigned rank, Piece piece) override {
    mail_->go(rank, {.subject = piece.subject, .text = std::string(piece.text)});
  }
  std::optional<Addressed> receive() override { return mail_->take(); }
  [[nodiscard]] unsigned waiting(unsigned rank) const override {
    return rank != mail_->rank ? mail_->unread.load() : 0;
  }
  void close() override { mail_->close(); }

 private:
  const std::shared_ptr<MadeUpMail> mail_;
};

}  // namespace millrace::fleet::test
