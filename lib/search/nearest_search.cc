#include <algorithm>
#include <limits>
#include <utility>

#include "search/best_candidates.h"
#include "search/bounded_pairs.h"
#include "search/certified_choice.h"
#include "search/tiles.h"

namespace alignlab {
namespace {

/// Room of one thread for the candidates of one strip.
struct Room {
  std::vector<std::uint32_t> found;
  std::vector<float> lower;
  std::vector<float> upper;
  std::vector<std::int32_t> ids;
  std::vector<double> scores;
};

// So few that are left are scored together, since one score alone waits for its own additions.
constexpr std::size_t kTogether = 8;

/// Holds the best candidate of each query while strips go by.
class BestOfEach {
 public:
  BestOfEach(const BoundedPairs& pairs, MatrixView queries, const Gallery& gallery)
      : pairs_(pairs), queries_(queries), gallery_(gallery), best_(queries.rows()) {}

  /// Starts from one candidate a query.
  void start_from(std::span<const std::int32_t> likely, int threads) {
    constexpr std::size_t kBatch = 64;
    const auto batches = static_cast<std::int64_t>((likely.size() + kBatch - 1) / kBatch);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t batch = 0; batch < batches; ++batch) {
      const std::size_t first = static_cast<std::size_t>(batch) * kBatch;
      const std::size_t count = std::min(kBatch, likely.size() - first);
      const float* x[kBatch];
      const float* g[kBatch];
      double scores[kBatch];
      for (std::size_t i = 0; i < count; ++i) {
        x[i] = queries_.row(first + i).data();
        g[i] =
            std::as_const(gallery_.vectors).row(static_cast<std::size_t>(likely[first + i])).data();
      }
      pairs_.isa().score_pairs(x, g, count, queries_.cols(), scores);
      for (std::size_t i = 0; i < count; ++i) {
        const std::int32_t id = likely[first + i];
        const double bias =
            gallery_.bias.empty() ? 0.0 : gallery_.bias[static_cast<std::size_t>(id)];
        hold(first + i, {gallery_.bias.empty() ? scores[i] : scores[i] + bias, id});
      }
    }
  }

  void look_at(const Strip& strip, Room& room) {
    for (std::size_t q = 0; q < strip.queries; ++q) {
      const std::size_t query = strip.first_query + q;
      std::size_t left = pairs_.isa().scan->above(
          strip.dots + q * strip.stride, strip.padded, strip.at, pairs_.query(query),
          best_[query].least, room.found.data(), room.lower.data(), room.upper.data());
      // Where many are left, the most promising first: its score leaves few of the others.
      while (left > kTogether) {
        const auto most =
            std::max_element(room.upper.data(), room.upper.data() + left) - room.upper.data();
        std::swap(room.found[static_cast<std::size_t>(most)], room.found[left - 1]);
        std::swap(room.upper[static_cast<std::size_t>(most)], room.upper[left - 1]);
        score(query, strip, room, left - 1, left);
        std::size_t kept = 0;
        for (std::size_t f = 0; f + 1 < left; ++f) {
          if (room.upper[f] < best_[query].least) continue;
          room.found[kept] = room.found[f];
          room.upper[kept++] = room.upper[f];
        }
        left = kept;
      }
      score(query, strip, room, 0, left);
    }
  }

  std::vector<std::int32_t> ids() const {
    std::vector<std::int32_t> out;
    out.reserve(best_.size());
    for (const Best& own : best_) out.push_back(own.held.id);
    return out;
  }

 private:
  struct Best {
    Candidate held{-std::numeric_limits<double>::infinity(), -1};
    float least = -std::numeric_limits<float>::infinity();  // what an upper end must reach
  };

  void hold(std::size_t query, const Candidate& candidate) {
    Best& own = best_[query];
    if (own.held.id >= 0 && !comes_before(candidate, own.held)) return;
    own.held = candidate;
    own.least = rounded_down(candidate.score * pairs_.unit());
  }

  void score(std::size_t query, const Strip& strip, Room& room, std::size_t first,
             std::size_t last) {
    room.ids.clear();
    for (std::size_t f = first; f < last; ++f) {
      const auto id = static_cast<std::int32_t>(strip.first_item + room.found[f]);
      if (room.found[f] < strip.items && id != best_[query].held.id) room.ids.push_back(id);
    }
    if (room.ids.empty()) return;
    canonical_scores(pairs_.isa(), queries_.row(query), gallery_.vectors, gallery_.bias, room.ids,
                     room.scores);
    for (std::size_t i = 0; i < room.ids.size(); ++i) {
      hold(query, {room.scores[i], room.ids[i]});
    }
  }

  const BoundedPairs& pairs_;
  MatrixView queries_;
  const Gallery& gallery_;
  std::vector<Best> best_;
};

}  // namespace

struct NearestSearch::Codes {
  Isa isa;
  bool chosen = false;
  const kernels::DotsKernel* dots = nullptr;  // of `isa`
  std::shared_ptr<const CodedRows> queries;
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
  CodedGallery coded(gallery, codes_->isa, kernel_.threads);
  if (!codes_->chosen) {
    codes_->chosen = true;
    if (!codes_->isa.dots.empty()) codes_->dots = choose_for_top_k(queries_, coded, 1, kernel_);
    if (codes_->dots != nullptr) {
      codes_->queries =
          coded_queries(queries_, all_rows(queries_), codes_->isa, *codes_->dots, kernel_.threads);
    }
  }
  if (codes_->dots == nullptr) return top_k(queries_, gallery, 1, kernel_).ids;
  const BoundedPairs pairs(codes_->queries, coded, *codes_->dots, kernel_.threads);
  if (!pairs.usable()) return top_k(queries_, gallery, 1, kernel_).ids;
  BestOfEach best(pairs, queries_, gallery);
  best.start_from(likely, kernel_.threads);
  std::vector<Room> rooms(static_cast<std::size_t>(kernel_.threads));
  for (Room& room : rooms) {
    room.found.resize(pairs.strip_items());
    room.lower.resize(pairs.strip_items());
    room.upper.resize(pairs.strip_items());
  }
  pairs.for_each_strip([&](const Strip& strip, int thread) {
    best.look_at(strip, rooms[static_cast<std::size_t>(thread)]);
  });
  return best.ids();
}

}  // namespace alignlab
