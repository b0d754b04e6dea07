#pragma once

#include <array>
#include <memory>
#include <string_view>

// OpenSSL's own type, so that its headers stay in the .cc files.
struct evp_md_ctx_st;

namespace millrace::mail {

// SHA-256 of texts one after the other, by OpenSSL, whose storage is kept between them.
class Sha256 {
 public:
  using Hash = std::array<unsigned char, 32>;

  Sha256();  // throws Fatal where OpenSSL has none

  void update(std::string_view piece);

  // The hash of what came since the last one.
  Hash finish();

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

}  // namespace millrace::mail
