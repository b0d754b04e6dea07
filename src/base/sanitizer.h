#pragma once

#include <cstddef>

// What the code tells the sanitizers that it may be built with; nothing without them.
#if defined(__SANITIZE_ADDRESS__)
#define MILLRACE_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLRACE_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef MILLRACE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

#ifdef __SANITIZE_THREAD__
// What <sanitizer/linux_syscall_hooks.h> declares, which g++ lacks.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" void __sanitizer_syscall_pre_impl_close(long descriptor);
#endif

namespace millrace {

#if defined(MILLRACE_ADDRESS_SANITIZER) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Nobody but the kernel has business in these bytes until permit().
inline void forbid([[maybe_unused]] const char* begin, [[maybe_unused]] std::size_t size) {
#ifdef MILLRACE_ADDRESS_SANITIZER
  ASAN_POISON_MEMORY_REGION(begin, size);
#endif
}

inline void permit([[maybe_unused]] const char* begin, [[maybe_unused]] std::size_t size) {
#ifdef MILLRACE_ADDRESS_SANITIZER
  ASAN_UNPOISON_MEMORY_REGION(begin, size);
#endif
}

// The kernel closes it by itself from here on: its number may come back from any open.
inline void closed_by_kernel([[maybe_unused]] int descriptor) {
#ifdef __SANITIZE_THREAD__
  __sanitizer_syscall_pre_impl_close(descriptor);
#endif
}

// Looks for leaks where the program ends without leaving main(): by a signal, or by _exit().
inline void check_for_leaks() {
#ifdef MILLRACE_ADDRESS_SANITIZER
  __lsan_do_leak_check();
#endif
}

}  // namespace millrace
