#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "proof/line_pieces.h"
#include "proof/recipient_token.h"
#include "proof/stamp_reader.h"

namespace millrace::proof {

// A content as it comes, looked at as a delivery status notification (RFC 3464): a multipart/report
// that names recipients who were given up, and holds the original message or its header. The stamp
// in that says which message it was. What has a part of type message/delivery-status is one as
// well: those of OpenSMTPD are multipart/mixed.
//
// Headers of MIME parts are looked at, their boundaries are not compared: any line that begins with
// "--" begins a part. For one thread; allocates for the tokens of those who were given up.
class BounceReader {
 public:
  // So many recipients with a token are told apart; more are only counted.
  static constexpr std::size_t kMostTokens = 1'000;

  explicit BounceReader(const StampTrust& trust);

  // Another content begins.
  void begin();
  // In pieces cut anywhere: dots single, without the end mark.
  void take(std::string_view bytes);
  // All has come. What follows is known from then on.
  void finish();

  // Whether it tells that a stamped message was given up for somebody.
  [[nodiscard]] bool bounced() const { return report_ && failed_ > 0 && believed(finding_); }
  // Whether it is a report about a stamped message, whatever it tells: of a delay, of success.
  [[nodiscard]] bool about_stamped() const { return report_ && believed(finding_); }
  // That message's, where it is believed.
  [[nodiscard]] const Stamp& stamp() const { return stamp_; }

  // How many recipients it was given up for, and of those that have one the token.
  [[nodiscard]] std::size_t failed() const { return failed_; }
  [[nodiscard]] const std::vector<RecipientToken>& tokens() const { return tokens_; }

 private:
  // Where the line at hand is.
  enum class Place : std::uint8_t {
    header,       // of all of it
    part_header,  // of a part
    status,       // a part of type message/delivery-status
    other,
  };

  void take_line(const LinePiece& line);
  void look_for_stamp(const LinePiece& line);
  void end_stamp();
  void take_header_line(std::string_view text);
  void take_status_line(std::string_view text);
  void take_recipient(std::string_view value);
  void end_recipient();

  StampReader stamps_;
  LinePieces lines_;
  Place place_ = Place::header;
  bool report_ = false;        // its Content-Type is multipart/report, or it has a part of status
  bool status_part_ = false;   // so far the part's header says that it is of status
  bool content_type_ = false;  // the field at hand is that, and its value has not come yet
  bool reading_ = false;       // what is at hand may be a stamp
  StampFinding finding_ = StampFinding::none;
  Stamp stamp_;
  // Of the fields about one recipient.
  bool failed_here_ = false;
  bool token_here_ = false;
  RecipientToken token_;
  std::size_t failed_ = 0;
  std::vector<RecipientToken> tokens_;
};

}  // namespace millrace::proof
