#include "report/run.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>

namespace millrace::report {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

Environment Environment::here() {
  Environment here;
  utsname system{};
  if (uname(&system) == 0) {
    here.host = system.nodename;
    here.kernel = fmt::format("{} {} {}", system.sysname, system.release, system.machine);
  }
  here.cpu = cpu_model();
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (sched_getaffinity(0, sizeof usable, &usable) == 0) {
    here.cores = static_cast<unsigned>(CPU_COUNT(&usable));
  }
  return here;
}

bool Run::thresholds_passed() const {
  return std::all_of(verdicts.begin(), verdicts.end(),
                     [](const Verdict& verdict) { return verdict.passed; });
}

}  // namespace millrace::report
