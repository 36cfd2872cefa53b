#include "geometry/cka.h"

#include <algorithm>
#include <cmath>

#include "geometry/centred_rows.h"

namespace alignlab {
namespace {

// What rounding leaves of an HSIC_1 that is 0, as a share of tr(K K).
constexpr double kNoise = 1e-12;
// Of both n x n matrices together, when they are kept: half a gigabyte.
constexpr double kMostKeptRows = 5700;
// Entries of n x n matrices that are paired anew in the time of a multiply-add of BLAS.
constexpr double kPairingCost = 20.0;

struct OneSide {
  CentredRows rows;
  Eigen::VectorXd norms;  // k
  double total = 0.0;     // sum(k)
  double square = 0.0;    // tr(K K)

  explicit OneSide(MatrixView of)
      : rows(of), norms(squared_norms(rows)), total(norms.sum()), square(squared_gram_norm(rows)) {}
};

/// tr(K L).
double cross_trace(const blas::Doubles& k, const blas::Doubles& l, Pairing pairing) {
  double diagonal = 0.0;
  double below = 0.0;
  for (Eigen::Index j = 0; j < k.cols(); ++j) {
    const double* of_k = k.col(j).data();
    const double* of_l = l.col(pairing[static_cast<std::size_t>(j)]).data();
    diagonal += of_k[j] * of_l[pairing[static_cast<std::size_t>(j)]];
    double sum = 0.0;
    for (Eigen::Index i = j + 1; i < k.rows(); ++i) {
      sum += of_k[i] * of_l[pairing[static_cast<std::size_t>(i)]];
    }
    below += sum;
  }
  return diagonal + 2.0 * below;
}

std::optional<double> biased_cka(const OneSide& first, const OneSide& second, double trace) {
  if (!first.rows.vary() || !second.rows.vary()) return std::nullopt;
  return std::clamp(trace / (std::sqrt(first.square) * std::sqrt(second.square)), 0.0, 1.0);
}

/// n (n-3) HSIC_1.
double unbiased_hsic(double trace, double norms, double totals, double n) {
  return trace - n / (n - 2) * norms + totals / ((n - 1) * (n - 2));
}

std::optional<double> unbiased_cka(const OneSide& first, const OneSide& second, double trace,
                                   double norms) {
  const auto n = static_cast<double>(first.rows.count());
  if (n < 4) return std::nullopt;
  const double of_first =
      unbiased_hsic(first.square, first.norms.squaredNorm(), first.total * first.total, n);
  const double of_second =
      unbiased_hsic(second.square, second.norms.squaredNorm(), second.total * second.total, n);
  if (of_first <= kNoise * first.square || of_second <= kNoise * second.square) return std::nullopt;
  const double both = unbiased_hsic(trace, norms, first.total * second.total, n);
  return std::clamp(both / (std::sqrt(of_first) * std::sqrt(of_second)), -1.0, 1.0);
}

class BothSides {
 public:
  explicit BothSides(const PairedRows& pairs)
      : first_(pairs.first.rows), second_(pairs.second.rows) {}

  double rows() const { return static_cast<double>(first_.rows.count()); }
  double widths() const { return width(first_) + width(second_); }
  /// Multiply-adds of X'Y, for each row.
  double products() const { return width(first_) * width(second_); }

  void keep_grams() {
    first_gram_ = gram(first_.rows);
    second_gram_ = gram(second_.rows);
  }

  Cka of(Pairing pairing) const {
    double norms = 0.0;
    for (std::size_t i = 0; i < pairing.size(); ++i) {
      norms += first_.norms[static_cast<Eigen::Index>(i)] * second_.norms[pairing[i]];
    }
    const double trace = first_gram_.size() > 0
                             ? cross_trace(first_gram_, second_gram_, pairing)
                             : cross_product(first_.rows, second_.rows, pairing).squaredNorm();
    return {biased_cka(first_, second_, trace), unbiased_cka(first_, second_, trace, norms)};
  }

 private:
  static double width(const OneSide& side) { return static_cast<double>(side.rows.width()); }

  OneSide first_;
  OneSide second_;
  blas::Doubles first_gram_;  // empty: by widths
  blas::Doubles second_gram_;
};

}  // namespace

Cka linear_cka(const PairedRows& pairs, int threads) {
  require_paired(pairs);
  const blas::Threads of_blas(threads);
  BothSides sides(pairs);
  if (sides.rows() * sides.widths() < 2.0 * sides.products()) sides.keep_grams();
  return sides.of(identity_pairing(pairs.first.rows.rows()));
}

struct CkaPairings::State {
  BothSides sides;
  int threads;
};

CkaPairings::CkaPairings(const PairedRows& pairs, int threads) {
  require_paired(pairs);
  const blas::Threads of_blas(threads);
  state_ = std::make_unique<State>(BothSides(pairs), threads);
  BothSides& sides = state_->sides;
  if (sides.rows() <= kMostKeptRows && sides.rows() * kPairingCost <= sides.products()) {
    sides.keep_grams();
  }
}

CkaPairings::~CkaPairings() = default;

Cka CkaPairings::operator()(Pairing pairing) const {
  const blas::Threads of_blas(state_->threads);
  return state_->sides.of(pairing);
}

}  // namespace alignlab
