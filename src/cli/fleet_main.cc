#include "cli/fleet_main.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "base/diagnostics.h"
#include "base/number.h"
#include "cli/command_line.h"
#include "cli/fleet_report.h"

namespace millrace::cli {
namespace {

// How often others are to be told to end because this process could not go on.
constexpr unsigned kFailed = 2;

// Seconds.
constexpr unsigned kPatienceWithRank0 = 5;

// From a SIGTERM of mpirun until its SIGKILL: a second, unless its user says more.
Duration patience_of_mpirun() {
  const char* const told = std::getenv("OMPI_MCA_odls_base_sigkill_timeout");
  const auto seconds = told != nullptr ? whole_number(told, 1, 3'600) : std::nullopt;
  return std::chrono::seconds(static_cast<long>(seconds.value_or(1)));
}

// Ends at once: what MPI has left to end waits for ranks that are gone.
[[noreturn]] void leave(int status) {
  std::fflush(nullptr);
  _exit(status);
}

// What nobody else can say for this rank.
[[noreturn]] void fail_in_own_words(unsigned rank, const std::exception& error) {
  divert_messages({});
  throw Fatal(fmt::format("rank {}: {}", rank, error.what()));
}

int lead_run(FleetProgram& program, fleet::Fleet& all, threads::SignalWatch& signals) {
  FleetProgram::Outcome outcome{.status = EXIT_FAILURE};
  try {
    outcome = program.lead(all, signals);
  } catch (const std::exception& error) {
    report_fatal(error.what());
    all.finish(kFailed);
    outcome.whole = all.close();
  }
  if (outcome.whole) return outcome.status;
  tell_of_gone(all.known());
  leave(EXIT_FAILURE);
}

int follow_run(FleetProgram& program, fleet::Fleet& all, threads::SignalWatch& signals) {
  bool told = false;
  auto opening = all.opening();
  try {
    if (!opening) throw Fatal("was told to end before it began");
    told = program.follow(std::move(*opening), all, signals);
  } catch (const std::exception& error) {
    told = all.fail(error.what());
  }
  if (!told) {
    divert_messages({});
    report_fatal(fmt::format("rank {}: rank 0 is silent: nothing is reported", all.rank()));
    leave(EXIT_FAILURE);
  }
  return EXIT_SUCCESS;  // the status is that of rank 0
}

// What is wrong with the options is wrong for all, and rank 0 says so: when it has ended, mpirun
// ends the others. It would end rank 0 as well, before it has said anything, were another sooner.
// Who is not ended was given a line of its own.
std::unique_ptr<FleetProgram> read_options(
    const FleetPlace& place, const std::function<std::unique_ptr<FleetProgram>()>& read) {
  try {
    return read();
  } catch (const std::exception& error) {
    if (place.rank == 0) throw;
    sleep(kPatienceWithRank0);
    fail_in_own_words(place.rank, error);
  }
}

int run_rank(const FleetPlace& place, const std::function<std::unique_ptr<FleetProgram>()>& read) {
  // Goes when no other rank can say anything any more.
  const std::unique_ptr<FleetProgram> program = read_options(place, read);
  threads::block_ending_signals();  // from here on they wait for those who take them
  threads::SignalWatch signals;
  std::optional<fleet::Fleet> all;
  try {
    all.emplace(place.post, signals, patience_of_mpirun());
  } catch (const std::exception& error) {
    if (place.rank == 0) throw;
    fail_in_own_words(place.rank, error);
  }
  if (all->rank() == 0) return lead_run(*program, *all, signals);
  return follow_run(*program, *all, signals);
}

}  // namespace

void speak_through_rank_0(fleet::Fleet& all) {
  // "smtp-source-mpi: warning: ...": rank 0 says whose it is.
  divert_messages([&all](std::string_view line) {
    const std::string_view text = line.substr(line.find(": ") + 2);
    all.say(text.substr(0, text.find('\n')));
  });
}

int fleet_main(const char* name, const FleetPlace& place,
               const std::function<std::unique_ptr<FleetProgram>()>& read) {
  // Open MPI gives each rank a terminal of its own, wherever that goes.
  setenv("NO_COLOR", "1", 0);
  // Help is the same for all.
  if (place.rank != 0) {
    divert_messages([](std::string_view /*line*/) {});
    if (std::freopen("/dev/null", "w", stdout) == nullptr) return EXIT_FAILURE;
  }
  return run_main(name, [&] { return run_rank(place, read); });
}

}  // namespace millrace::cli
