#include "search/doubtful_scores.h"

namespace alignlab {

void DoubtfulScores::score(const Isa& isa, std::span<const float> query, MatrixView rows,
                           std::span<const double> bias, const Strip& strip, std::size_t count) {
  ids.clear();
  for (std::size_t f = 0; f < count; ++f) {
    if (positions[f] >= strip.items) continue;
    ids.push_back(static_cast<std::int32_t>(strip.first_item + positions[f]));
  }
  canonical_scores(isa, query, rows, bias, ids, scores);
  scored += std::ssize(ids);
}

void report(const Kernel& kernel, const char* path, const char* codes,
            const std::vector<DoubtfulScores>& doubtful) {
  if (kernel.work == nullptr) return;
  *kernel.work = {path, codes, 0};
  for (const DoubtfulScores& own : doubtful) kernel.work->scored += own.scored;
}

}  // namespace alignlab
