#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "proof/journal_record.h"

namespace millrace::proof {

// What became of a message for one recipient. Each has exactly one.
enum class Verdict : std::uint8_t {
  delivered,     // accepted, and it arrived: how often, when and how unaltered is besides
  lost,          // accepted, and it never arrived
  bounced,       // accepted, and instead of it came the news that it could not go on
  undecided,     // accepted, and the sinks' journals broke off before it arrived
  doubt_seen,    // nobody knows whether it was accepted; it arrived
  doubt_unseen,  // the same, and it did not
  refused,       // and it did not arrive
  never_sent,    // and it did not arrive
  unexpected,    // it arrived, and was not accepted
};
constexpr std::size_t kVerdicts = 9;

// All that a source says of a message for one recipient; times of all on one axis.
struct Attempts {
  std::uint16_t recipient = 0;
  std::uint32_t accepted = 0;
  std::uint32_t in_doubt = 0;
  SentRecord decisive;     // the first that was accepted, else one in doubt, else the last
  std::uint64_t text = 0;  // where its text is

  Attempts(const SentRecord& record, std::uint64_t its_text);
  void add(const SentRecord& record, std::uint64_t its_text);
};

// All that sinks say of a message for one recipient.
struct Arrivals {
  std::uint16_t recipient = kUnknownRecipient;
  std::uint32_t copies = 0;
  // Of those, copies which a sink wrote down shortly before its death, so that it may not have said
  // yes to them: the server was right to come again.
  std::uint32_t unconfirmed = 0;
  std::uint32_t unconfirmed_last = 0;  // of those, what came last: no other came behind it
  std::uint32_t bounces = 0;
  Micros first{};                           // copy, or bounce where there is none
  Micros last{};                            // the same
  TakenVerdict worst = TakenVerdict::same;  // of all copies
  std::uint64_t origin = 0;  // of the first: its journal and its text, as the caller has it

  Arrivals(const TakenRecord& record, bool confirmed, std::uint64_t its_origin);
  void add(const TakenRecord& record, bool confirmed, std::uint64_t its_origin);
};

// What the journals as a whole can know.
struct Knowledge {
  bool all_sent = true;   // the source's was closed: what is not in it was not sent
  bool all_taken = true;  // the sinks' were: what is not in them did not arrive
  bool one_clock = true;  // all sinks had one: which of two copies came later is known
  Micros late_after{};
};

struct Conclusion {
  std::uint16_t recipient = 0;
  Verdict verdict = Verdict::unexpected;
  std::uint32_t copies = 0;
  std::uint32_t surplus = 0;  // copies that nothing excuses
  bool late = false;          // longer in the server than late_after
  TakenVerdict worst = TakenVerdict::same;
  const Attempts* sent = nullptr;   // none: the source says nothing of it
  const Arrivals* taken = nullptr;  // none: nothing came
};

// One message: what is said of it, in the order of recipients, and what follows. Its memory is
// used again for the next.
class MessageFold {
 public:
  void clear();
  void add(const SentRecord& record, std::uint64_t text);
  void add(const TakenRecord& record, bool confirmed, std::uint64_t origin);
  // Whether its source says something of it, and nothing of this recipient.
  [[nodiscard]] bool lacks(std::uint16_t recipient) const;

  // A conclusion for each recipient of whom something is said, which `take` is called with. What
  // arrived for nobody knows whom is put down to recipients that are waiting for it, those first to
  // whom it was promised: how many they were is right then, unless whose_unknown().
  template <typename Take>
  void conclude(const Knowledge& knowledge, Take take) {
    place_unknown();
    auto taken = arrivals_.begin();
    for (const Attempts& sent : attempts_) {
      for (; taken != arrivals_.end() && taken->recipient < sent.recipient; ++taken) {
        take(conclusion(nullptr, &*taken, knowledge));
      }
      const bool same = taken != arrivals_.end() && taken->recipient == sent.recipient;
      take(conclusion(&sent, same ? &*taken : nullptr, knowledge));
      if (same) ++taken;
    }
    for (; taken != arrivals_.end(); ++taken) take(conclusion(nullptr, &*taken, knowledge));
  }

  // Whether copies that do not say for whom they are came at several moments to one of several
  // recipients, after conclude(). Those of one moment are of one transaction, each to another; of
  // others two may be of one recipient, and hide that another has none.
  [[nodiscard]] bool whose_unknown() const { return whose_unknown_; }

 private:
  // Beyond so many of one message, those for nobody knows whom only count.
  static constexpr std::size_t kMostUnknown = 65'536;

  static Conclusion conclusion(const Attempts* sent, const Arrivals* taken,
                               const Knowledge& knowledge);
  [[nodiscard]] bool came_apart() const;
  void place_unknown();

  std::vector<Attempts> attempts_;
  std::vector<Arrivals> arrivals_;
  std::vector<Arrivals> unknown_;
  bool whose_unknown_ = false;
};

}  // namespace millrace::proof
