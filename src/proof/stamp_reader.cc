#include "proof/stamp_reader.h"

namespace millrace::proof {

StampReader::StampReader(const StampTrust& trust) : run_(trust.run) {
  if (trust.key) tagger_.emplace(*trust.key);
}

StampFinding StampReader::finding() {
  switch (parser_.state()) {
    case StampParser::State::other:
      return StampFinding::none;
    case StampParser::State::reading:
      return parser_.named() ? StampFinding::malformed : StampFinding::none;
    case StampParser::State::malformed:
      return StampFinding::malformed;
    case StampParser::State::complete:
      break;
  }
  if (tagger_ && !tagger_->genuine(parser_.stamp())) return StampFinding::forged;
  if (run_ && *run_ != parser_.stamp().run) return StampFinding::other_run;
  return tagger_ ? StampFinding::genuine : StampFinding::unchecked;
}

}  // namespace millrace::proof
