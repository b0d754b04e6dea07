#include "mail/dkim/signed_kind.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace millrace::mail {
namespace {

// A message in its two parts, and what they are signed with; kept for the next one of the thread.
struct SigningWorkspace {
  std::string header;
  std::vector<Content::Piece> body;
  BodyHasher hasher;
  std::string signature;
};

// How much of a piece, which begins at the start of a line, is ahead of an empty line.
std::size_t header_length(std::string_view piece) {
  if (piece.starts_with("\r\n")) return 0;
  const std::size_t end = piece.find("\r\n\r\n");
  return end == std::string_view::npos ? piece.size() : end + 2;
}

// Cuts a message at its first empty line, which is in neither part.
void split(const Content& content, SigningWorkspace& work) {
  work.header.clear();
  work.body.clear();
  bool in_body = false;
  content.for_each_piece([&](Content::Piece piece) {
    if (!in_body) {
      const std::size_t length = header_length(piece.text);
      work.header += piece.text.substr(0, length);
      in_body = length < piece.text.size();
      piece.text.remove_prefix(std::min(length + 2, piece.text.size()));
    }
    if (!piece.text.empty()) work.body.push_back(piece);
  });
}

BodyHash hash_of(const std::vector<Content::Piece>& body, BodyHasher& hasher) {
  for (const Content::Piece& piece : body) hasher.update(piece.text);
  return hasher.finish();
}

// The only piece, where that is shared.
std::string_view shared_text(const Content& content) {
  std::string_view text;
  content.for_each_piece([&](const Content::Piece& piece) {
    if (piece.shared && piece.text.size() == content.size()) text = piece.text;
  });
  return text;
}

}  // namespace

void SignedKind::make(const MessageFacts& facts, Content& content) const {
  kind_->make(facts, content);

  const std::string_view message = shared_text(content);
  if (!message.empty()) {
    if (const std::string* const signature = signatures_.find(message)) {
      return content.prepend(*signature);
    }
  }

  thread_local SigningWorkspace work;
  split(content, work);
  BodyHash hash;
  const bool one_piece = work.body.size() == 1 && work.body.front().shared;
  const BodyHash* const known = one_piece ? bodies_.find(work.body.front().text) : nullptr;
  if (known != nullptr) {
    hash = *known;
  } else {
    hash = hash_of(work.body, work.hasher);
    if (one_piece && message.empty()) bodies_.keep(work.body.front().text, hash);
  }
  work.signature.clear();
  signer_.append_signature(work.header, hash, work.signature);
  if (!message.empty()) signatures_.keep(message, work.signature);
  content.prepend(work.signature);
}

}  // namespace millrace::mail
