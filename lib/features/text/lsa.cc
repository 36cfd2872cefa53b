// lsa: Latent semantic analysis (Deerwester et al., "Indexing by Latent Semantic Analysis", JASIS
// 41, 1990). The rows of tfidf on train, each scaled to unit length, have leading right singular
// vectors V [words, k] with singular values s, k = min(width, words, training texts); V is found by
// randomised subspace iteration (linear/truncated_svd.h) from a stream of its own, the same for
// every seed. A text whose unit tfidf row is x, seen in training or not, becomes the dense row x V;
// with `whiten`, sqrt(n) x V / s, n the number of training texts: over train, the columns then are
// uncorrelated (about 0, not about their means) and have mean square 1. Directions of no length in
// train are 0 there.

#include <algorithm>
#include <cmath>

#include "core/rng.h"
#include "features/makers.h"
#include "features/text/word_weights.h"
#include "linear/truncated_svd.h"

namespace alignlab::features {
namespace {

/// Below this part of the largest, a singular value is the rounding of a zero.
constexpr float kLeastRelativeLength = 1e-5F;

SparseRows unit_rows(SparseRows rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const std::span values(rows.values.data() + rows.offsets[i],
                           rows.values.data() + rows.offsets[i + 1]);
    double squares = 0.0;
    for (const float value : values) squares += static_cast<double>(value) * value;
    const double length = std::sqrt(squares);
    for (float& value : values) value = static_cast<float>(value / length);
  }
  return rows;
}

class SemanticProjection : public Extractor {
 public:
  SemanticProjection(WordWeights weights, Matrix directions)
      : weights_(std::move(weights)), directions_(std::move(directions)) {}

  Features extract(const RawItems& items, int, Progress& progress) const override {
    return project(unit_rows(weights_.rows(items, progress)), directions_);
  }
  void save(H5File& file, const std::string& group) const override {
    weights_.save(file, group);
    file.write_matrix(group + "/directions", directions_);
  }

 private:
  WordWeights weights_;
  Matrix directions_;
};

class SemanticAnalysis : public FeatureKind {
 public:
  explicit SemanticAnalysis(const Section& options) : options_(options) {}

  std::unique_ptr<Extractor> fit(const RawItems& train, int, Progress& progress) const override {
    WordWeights weights = WordWeights::fit(options_, true, train, progress);
    LeadingDirections found =
        leading_directions(unit_rows(weights.rows(train, progress)),
                           static_cast<std::size_t>(options_.integer("width")), Rng(0, "lsa"));
    if (options_.flag("whiten")) whiten(found, train.size());
    return std::make_unique<SemanticProjection>(std::move(weights), std::move(found.directions));
  }
  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<SemanticProjection>(WordWeights::load(options_, file, group),
                                                file.read_matrix(group + "/directions"));
  }

 private:
  static void whiten(LeadingDirections& found, std::size_t texts) {
    const float largest = *std::ranges::max_element(found.singular_values);
    for (std::size_t j = 0; j < found.directions.cols(); ++j) {
      const float length = found.singular_values[j];
      const float factor = length > kLeastRelativeLength * largest
                               ? std::sqrt(static_cast<float>(texts)) / length
                               : 0.0F;
      for (std::size_t i = 0; i < found.directions.rows(); ++i) {
        found.directions.row(i)[j] *= factor;
      }
    }
  }

  Section options_;
};

}  // namespace

FeatureKindPtr make_lsa(const Section& options) {
  return std::make_unique<SemanticAnalysis>(options);
}

}  // namespace alignlab::features
