#include <optional>

#include "search/best_candidates.h"
#include "search/certified.h"
#include "search/tiles.h"

namespace alignlab {
namespace {

class ExactIndex final : public SearchIndex {
 public:
  ExactIndex(const Gallery& gallery, const Kernel& kernel)
      : gallery_(gallery), kernel_(kernel), isa_(isa_for(kernel)) {
    require_finite(gallery);
    if (!isa_.dots.empty()) codes_.emplace(gallery, isa_, kernel.threads);
  }

  TopK top_k(MatrixView queries, std::size_t k) override {
    require_comparable_queries(queries, gallery_);
    TopK out;
    out.k = std::min(k, gallery_.vectors.rows());
    out.ids.resize(queries.rows() * out.k);
    out.scores.resize(queries.rows() * out.k);
    if (out.ids.empty()) return out;
    if (!codes_ || !certified_top_k(queries, *codes_, kernel_, out)) score_all(queries, out);
    return out;
  }

  std::size_t bytes() const override {
    return gallery_.vectors.values().size_bytes() + gallery_.bias.size() * sizeof(double) +
           (codes_ ? codes_->bytes() : 0);
  }

 private:
  void score_all(MatrixView queries, TopK& out) const {
    std::vector<BestCandidates> best(queries.rows(), BestCandidates(out.k));
    for_each_tile(queries, gallery_, kernel_, [&](const Tile& tile) {
      BestCandidates& own = best[tile.query];
      for (std::size_t j = 0; j < tile.scores.size(); ++j) {
        own.add({tile.scores[j], static_cast<std::int32_t>(tile.first_candidate + j)});
      }
    });
    for (std::size_t i = 0; i < queries.rows(); ++i) {
      const std::vector<Candidate>& sorted = best[i].sorted();
      for (std::size_t r = 0; r < out.k; ++r) {
        out.ids[i * out.k + r] = sorted[r].id;
        out.scores[i * out.k + r] = sorted[r].score;
      }
    }
  }

  const Gallery& gallery_;
  Kernel kernel_;
  Isa isa_;
  std::optional<CodedGallery> codes_;
};

}  // namespace

std::unique_ptr<SearchIndex> exact_index(const Gallery& gallery, const Kernel& kernel) {
  return std::make_unique<ExactIndex>(gallery, kernel);
}

TopK top_k(MatrixView queries, const Gallery& gallery, std::size_t k, const Kernel& kernel) {
  return exact_index(gallery, kernel)->top_k(queries, k);
}

}  // namespace alignlab
