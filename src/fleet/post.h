// fleet/ makes one run of many processes: who is there, whose clock says what, when all begin and
// end, and how what each has measured comes together. MPI brings them together (mpi_post.cc);
// nothing here knows what is sent to servers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::fleet {

// What ranks tell each other. From rank 0 to another or the other way round, never else.
enum class Subject : std::uint8_t {
  alive,    // nothing, but that it is
  opening,  // from 0: what it has for all, or the rest of that
  piece,    // from 0: as much of that, and more is to come
  ping,     // from 0: when it was sent
  pong,     // to 0: that again, and the time by the other clock
  ready,    // to 0: what tells its load, and the name of its host; it could begin
  start,    // from 0: when it begins, by the clock of the one that is told
  said,     // to 0: a message to the user
  second,   // to 0: what was measured in a second
  end,      // from 0: how often it is to be told to end, as by signals
  result,   // to 0: how it ended, and all that it measured
  trouble,  // to 0: why it measured nothing
  next,     // from 0: which of several runs is next; nothing: it is to say that it is there
  over,     // from 0: nothing more is to come; whether all are there
  gone,     // from whoever carries letters: the process is, or there is no way to it any more
  counts,   // to 0: what it has counted so far
  ask,      // to 0: would have more of a quota, for so many who wait
  more,     // from 0: so much more of a quota; 0: none is left
  recall,   // from 0: is to return what it has not used of a quota
  unused,   // to 0: so much it was
};

// All ranks have been started: until the last has found its way to rank 0, which says nothing
// before.
inline constexpr std::chrono::seconds kAssembling{30};

struct Letter {
  Subject subject{};
  std::string text;

  bool operator==(const Letter&) const = default;
};

// A part of what many are sent, of which none has a copy.
struct Piece {
  Subject subject{};
  std::shared_ptr<const std::string> whole;
  std::string_view text;  // in that
};

struct Addressed {
  unsigned rank = 0;  // that it goes to, or comes from
  Letter letter;

  bool operator==(const Addressed&) const = default;
};

// Carries letters between ranks: in order, and without a wait for whoever does not take or finish
// them. Used on one thread.
class Post {
 public:
  virtual ~Post() = default;

  [[nodiscard]] virtual unsigned rank() const = 0;
  [[nodiscard]] virtual unsigned ranks() const = 0;
  virtual void send(unsigned rank, Letter letter) = 0;
  // The same; what it is a part of is kept until it has gone out.
  virtual void send_piece(unsigned rank, Piece piece) = 0;
  // The next one that has come, if one has.
  virtual std::optional<Addressed> receive() = 0;
  // Of letters to this rank, how many have not gone out yet.
  [[nodiscard]] virtual unsigned waiting(unsigned rank) const = 0;
  // No rank uses it any more: waits for all of them. Not where one is gone or hangs.
  virtual void close() = 0;
};

}  // namespace millrace::fleet
