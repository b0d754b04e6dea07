#include "proof/hash.h"

// The library has a faster form for what the processor can do, by the same names.
#ifdef __x86_64__
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

#include <new>

namespace millrace::proof {
namespace {

Hash128 from(const XXH128_hash_t& hash) { return {.high = hash.high64, .low = hash.low64}; }

}  // namespace

Hash128 hash_of(std::string_view text) { return from(XXH3_128bits(text.data(), text.size())); }

void Hasher::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

Hasher::Hasher() : state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
  reset();
}

void Hasher::reset() { XXH3_128bits_reset(state_.get()); }

void Hasher::update(std::string_view piece) {
  if (!piece.empty()) XXH3_128bits_update(state_.get(), piece.data(), piece.size());
}

void Hasher::become(const Hasher& other) { XXH3_copyState(state_.get(), other.state_.get()); }

Hash128 Hasher::digest() const { return from(XXH3_128bits_digest(state_.get())); }

}  // namespace millrace::proof
