#include <algorithm>
#include <limits>
#include <map>

#include "search/best_candidates.h"
#include "search/bounded_pairs.h"
#include "search/certified_choice.h"
#include "search/tiles.h"

namespace alignlab {
namespace {

/// Room of one thread for the candidates of one strip.
struct Room {
  std::vector<std::uint32_t> found;
  std::vector<float> upper;
  std::vector<std::int32_t> one;
  std::vector<double> score;
};

/// The best of one query so far.
struct Best {
  Candidate held{-std::numeric_limits<double>::infinity(), -1};
  float least = -std::numeric_limits<float>::infinity();  // what an upper end must reach
};

}  // namespace

struct NearestSearch::Codes {
  Isa isa;
  std::map<std::string, std::shared_ptr<const CodedRows>> queries;
};

NearestSearch::NearestSearch(MatrixView queries, const std::string& name, const Kernel& kernel)
    : queries_(queries), kernel_(kernel), codes_(std::make_unique<Codes>()) {
  require_finite(queries, name);
  codes_->isa = isa_for(kernel);
}

NearestSearch::~NearestSearch() = default;

std::vector<std::int32_t> NearestSearch::best(const Gallery& gallery,
                                              std::span<const std::int32_t> likely) {
  if (gallery.vectors.rows() == 0) return std::vector<std::int32_t>(queries_.rows(), -1);
  require_same_columns(queries_, gallery);
  require_finite(gallery);
  const Isa& isa = codes_->isa;
  CodedGallery coded(gallery, isa, kernel_.threads);
  const kernels::DotsKernel* dots =
      isa.dots.empty() ? nullptr : choose_for_top_k(queries_, coded, 1, kernel_);
  if (dots == nullptr) return top_k(queries_, gallery, 1, kernel_).ids;
  auto& queries = codes_->queries[dots->name];
  if (queries == nullptr) {
    queries = coded_queries(queries_, all_rows(queries_), isa, *dots, kernel_.threads);
  }
  const BoundedPairs pairs(queries, coded, *dots, kernel_.threads);
  if (!pairs.usable()) return top_k(queries_, gallery, 1, kernel_).ids;

  std::vector<Best> best(queries_.rows());
  const auto consider = [&](std::size_t query, std::int32_t id, Room& room) {
    room.one.assign(1, id);
    canonical_scores(isa, queries_.row(query), gallery.vectors, gallery.bias, room.one, room.score);
    Best& own = best[query];
    const Candidate candidate{room.score.front(), id};
    if (own.held.id >= 0 && !comes_before(candidate, own.held)) return;
    own.held = candidate;
    own.least = rounded_down(candidate.score * pairs.unit());
  };
  std::vector<Room> rooms(static_cast<std::size_t>(kernel_.threads));
  for (Room& room : rooms) {
    room.found.resize(pairs.strip_items());
    room.upper.resize(pairs.strip_items());
  }
  pairs.for_each_strip([&](const Strip& strip, int thread) {
    Room& room = rooms[static_cast<std::size_t>(thread)];
    for (std::size_t q = 0; q < strip.queries; ++q) {
      const std::size_t query = strip.first_query + q;
      const std::int32_t guess = likely.empty() ? -1 : likely[query];
      if (strip.first_item == 0 && guess >= 0) consider(query, guess, room);
      std::size_t left =
          isa.scan->above(strip.dots + q * strip.stride, strip.padded, strip.at, pairs.query(query),
                          best[query].least, room.found.data(), room.upper.data());
      // The most promising first: its score leaves few of the others.
      while (left > 0) {
        const auto most =
            std::max_element(room.upper.data(), room.upper.data() + left) - room.upper.data();
        const std::size_t position = room.found[static_cast<std::size_t>(most)];
        const auto id = static_cast<std::int32_t>(strip.first_item + position);
        if (position < strip.items && id != guess) consider(query, id, room);
        room.upper[static_cast<std::size_t>(most)] = -std::numeric_limits<float>::infinity();
        std::size_t kept = 0;
        for (std::size_t f = 0; f < left; ++f) {
          if (static_cast<std::ptrdiff_t>(f) == most || room.upper[f] < best[query].least) continue;
          room.found[kept] = room.found[f];
          room.upper[kept++] = room.upper[f];
        }
        left = kept;
      }
    }
  });
  std::vector<std::int32_t> out;
  out.reserve(best.size());
  for (const Best& own : best) out.push_back(own.held.id);
  return out;
}

}  // namespace alignlab
