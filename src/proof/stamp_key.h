#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "proof/stamp.h"

struct evp_mac_ctx_st;

namespace millrace::proof {

// What tags are made and checked with.
struct StampKey {
  static constexpr std::size_t kSize = 16;
  std::array<unsigned char, kSize> bytes{};

  // Nobody else has it. Throws Fatal where the system has no random bytes.
  static StampKey random();

  // Of a file with 32 to 512 hexadecimal digits, in any case, and white space around them; what
  // `openssl rand -hex 32` writes. Who may read the file is not looked at. Throws Fatal naming the
  // file, and never what is in it.
  static StampKey from_file(const std::string& path);
};

// Random bits for a new run. Throws Fatal as StampKey::random().
RunId random_run();

// Makes and checks the tags of stamps: SipHash-2-4 with 128 bits over all their figures, each as 8
// bytes, the lowest first. For one thread; allocates when it is made, and never after that.
class StampTagger {
 public:
  explicit StampTagger(const StampKey& key);

  // Of all figures but the tag.
  [[nodiscard]] Hash128 tag(const Stamp& stamp);
  // Whether a stamp has its tag; takes as long whatever of it is wrong.
  [[nodiscard]] bool genuine(const Stamp& stamp);

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

}  // namespace millrace::proof
