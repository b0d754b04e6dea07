#include "metrics/client_metrics.h"

#include <cstddef>
#include <map>

namespace millrace::metrics {

void ClientCounts::add(const ClientCounts& other) {
  for (const auto& row : kClientCountNames) this->*row.counter += other.*row.counter;
}

void ClientMetrics::add(const ClientMetrics& other) {
  counts.add(other.counts);
  held.add(other.held);
  replies.add(other.replies);
}

void add_clients(std::vector<ClientMetrics>& sum, const std::vector<ClientMetrics>& clients) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < sum.size(); ++i) places.emplace(sum[i].kind, i);
  for (const ClientMetrics& one : clients) {
    const auto [place, fresh] = places.emplace(one.kind, sum.size());
    if (fresh) {
      sum.push_back(one);
    } else {
      sum[place->second].add(one);
    }
  }
}

}  // namespace millrace::metrics
