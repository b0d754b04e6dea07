#include "source/connection_plan.h"

#include "mail/generated.h"

namespace millrace::source {

ConnectionPlan::ConnectionPlan(const Run& run, const sasl::Library& library, std::uint64_t number)
    : run_(run) {
  const SourceOptions& options = run.options();
  if (options.auth_mechanism.empty()) return;
  const sasl::User& user = options.users[number % options.users.size()];
  authenticator_.emplace(library.get(), options.auth_mechanism, user);
}

void ConnectionPlan::begin(std::uint64_t connection, std::uint64_t message) {
  const SourceOptions& options = run_.options();
  xclient_ = mail::fill_generated(options.xclient, connection);
  if (!options.mix) return;
  std::string sender;
  run_.workload().append_sender(message, sender);
  traits_ = draw_traits(*options.mix, options.plan, connection, sender);
}

const smtp::ClientPlan& ConnectionPlan::dialogue() const {
  return traits_ ? traits_->plan : run_.options().plan;
}

smtp::ClientSession::Identity ConnectionPlan::identity() {
  const bool authenticates = authenticator_ && dialogue().wanted.has(smtp::Extension::auth);
  return {.xclient = xclient_, .authenticator = authenticates ? &*authenticator_ : nullptr};
}

bool ConnectionPlan::has_room(std::uint64_t carried) const {
  return !traits_ || traits_->messages == 0 || carried < traits_->messages;
}

bool ConnectionPlan::may_reuse(std::uint64_t carried) const {
  return has_room(carried) && run_.options().may_reuse(carried);
}

bool ConnectionPlan::may_go_on(std::uint64_t carried) const {
  return has_room(carried) && run_.options().may_go_on(carried);
}

}  // namespace millrace::source
