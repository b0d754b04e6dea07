#include <unistd.h>

// How the sanitizers' runtimes are to behave, compiled in so that it holds wherever a program is
// started. The status is one that no test expects. (CMakeLists.txt has this file linked.)
extern "C" {

extern const char millrace_sanitizer_options;
const char millrace_sanitizer_options = 0;

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the runtimes' own
const char* __asan_default_options();
const char* __tsan_default_options();
const char* __tsan_default_suppressions();
int __lsan_is_turned_off();

const char* __asan_default_options() {
  return "exitcode=99:detect_leaks=1:detect_stack_use_after_return=1";
}
// In a jail without /proc no thread can be looked through: that is no leak.
int __lsan_is_turned_off() { return access("/proc/self/task", R_OK | X_OK) == 0 ? 0 : 1; }

const char* __tsan_default_options() { return "exitcode=99:halt_on_error=1"; }
// It is not instrumented: that its threads wait for what one of them makes at first is not seen.
const char* __tsan_default_suppressions() { return "called_from_lib:libcpp-httplib.so"; }
// NOLINTEND(bugprone-reserved-identifier)
}
