#include "search/bounded_pairs.h"
#include "search/certified.h"
#include "search/certified_choice.h"
#include "search/doubtful_scores.h"
#include "search/score_levels.h"

namespace alignlab {
namespace {

/// Of one thread. Counts add up to the same whoever counted.
struct LevelRoom {
  LevelRoom(std::size_t strip_items, std::size_t levels)
      : doubtful(strip_items),
        found(strip_items),
        lower(strip_items),
        upper(strip_items),
        counts(levels + 1),
        equal(levels) {}

  DoubtfulScores doubtful;
  std::vector<std::uint32_t> found;
  std::vector<float> lower;
  std::vector<float> upper;
  std::vector<std::int64_t> counts;  // by how many levels are reached
  std::vector<std::int64_t> equal;
};

}  // namespace

bool certified_decisions(const BiasedQueries& queries, const Gallery& gallery, double threshold,
                         const Isa& isa, const Kernel& kernel,
                         std::vector<std::int64_t>& predicted) {
  CodedGallery coded(gallery, isa, kernel.threads);
  const kernels::DotsKernel* dots = choose_for_threshold(queries, coded, threshold, kernel);
  if (dots == nullptr) return false;
  const BoundedPairs pairs(queries.rows, all_rows(queries.rows), coded, *dots, kernel.threads);
  if (!pairs.usable()) return false;
  std::vector<DoubtfulScores> doubtful(static_cast<std::size_t>(kernel.threads),
                                       DoubtfulScores(pairs.strip_items()));
  const char* path = pairs.for_each_strip([&](const Strip& strip, int thread) {
    DoubtfulScores& own = doubtful[static_cast<std::size_t>(thread)];
    for (std::size_t q = 0; q < strip.queries; ++q) {
      const std::size_t query = strip.first_query + q;
      kernels::ScanLevels counted = level_of(threshold, queries.bias_of(query), pairs.unit());
      const std::size_t found =
          isa.scan->ranks(strip.dots + q * strip.stride, strip.padded, strip.at, pairs.query(query),
                          counted, own.positions.data());
      own.score(isa, queries.rows.row(query), gallery.vectors, gallery.bias, strip, found);
      predicted[query] += counted.above[0];
      for (const double score : own.scores) {
        predicted[query] += queries.score(query, score) >= threshold;
      }
    }
  });
  report(kernel, path, dots->name, doubtful);
  return true;
}

bool certified_levels(const BiasedQueries& queries, const Gallery& gallery,
                      std::span<const double> ascending, const std::vector<std::uint32_t>& which,
                      const Isa& isa, const Kernel& kernel, LevelCounts& out) {
  CodedGallery coded(gallery, isa, kernel.threads);
  const kernels::DotsKernel* dots = choose_for_levels(queries, coded, ascending, which, kernel);
  if (dots == nullptr) return false;
  const BoundedPairs pairs(queries.rows, which, coded, *dots, kernel.threads);
  if (!pairs.usable()) return false;
  const ScoreLevels levels(ascending, pairs.unit());
  std::vector<LevelRoom> rooms(static_cast<std::size_t>(kernel.threads),
                               LevelRoom(pairs.strip_items(), levels.size()));
  const char* path = pairs.for_each_strip([&](const Strip& strip, int thread) {
    LevelRoom& room = rooms[static_cast<std::size_t>(thread)];
    for (std::size_t q = 0; q < strip.queries; ++q) {
      const std::size_t at = strip.first_query + q;
      const std::size_t query = pairs.queries()[at];
      const double bias = queries.bias_of(query) * pairs.unit();
      const std::size_t count =
          isa.scan->above(strip.dots + q * strip.stride, strip.padded, strip.at, pairs.query(at),
                          before_shift(levels.least(), bias), room.found.data(), room.lower.data(),
                          room.upper.data());
      std::size_t in_doubt = 0;
      for (std::size_t f = 0; f < count; ++f) {
        const ShiftedInterval own = shifted(room.lower[f], room.upper[f], bias);
        if (const auto reached = levels.reached(own.lower, own.upper)) {
          if (room.found[f] < strip.items) ++room.counts[*reached];
        } else {
          room.doubtful.positions[in_doubt++] = room.found[f];
        }
      }
      if (in_doubt == 0) continue;
      room.doubtful.score(isa, queries.rows.row(query), gallery.vectors, gallery.bias, strip,
                          in_doubt);
      for (const double of_pair : room.doubtful.scores) {
        const double score = queries.score(query, of_pair);
        const std::size_t reached = levels.reached(score);
        ++room.counts[reached];
        if (reached > 0 && levels.level(reached - 1) == score) ++room.equal[reached - 1];
      }
    }
  });
  out.reaching.assign(levels.size(), 0);
  out.equal.assign(levels.size(), 0);
  std::vector<DoubtfulScores> doubtful;
  for (LevelRoom& room : rooms) {
    std::int64_t running = 0;
    for (std::size_t l = levels.size(); l-- > 0;) {
      running += room.counts[l + 1];
      out.reaching[l] += running;
      out.equal[l] += room.equal[l];
    }
    doubtful.push_back(std::move(room.doubtful));
  }
  report(kernel, path, dots->name, doubtful);
  return true;
}

}  // namespace alignlab
