#pragma once

// Paired rows of many shapes for the tests of geometry, and what oracles say of them in the
// plainest way: whole n x n matrices in double.

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/rng.h"
#include "geometry/paired_rows.h"
#include "tests/core/testing.h"
#include "tests/decompositions.h"

namespace alignlab::tests {

enum class Rows {
  kNormal,
  kFarFromZero,    // a mean of a hundred deviations
  kDuplicates,     // half of the rows
  kSmallIntegers,  // many ties, rows of zeros
  kConstantColumn,
  kRankTwo,  // of exact float32 values
  kAllEqual,
  kAllButOneEqual
};
constexpr int kRowKinds = 8;

inline Matrix random_rows(std::size_t n, std::size_t width, Rows kind, Rng& rng) {
  Matrix out(n, width);
  std::vector<float> a(width), b(width);
  for (std::size_t e = 0; e < width; ++e) {
    a[e] = static_cast<float>(rng.between(-3, 3));
    b[e] = static_cast<float>(rng.between(-3, 3)) + 0.5F;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const auto s = static_cast<float>(rng.between(-9, 9)),
               t = static_cast<float>(rng.between(-9, 9));
    for (std::size_t e = 0; e < width; ++e) {
      float value = static_cast<float>(rng.normal());
      if (kind == Rows::kFarFromZero) value += 100.0F;
      if (kind == Rows::kSmallIntegers) value = static_cast<float>(rng.between(-1, 1));
      if (kind == Rows::kConstantColumn && e == 0) value = 0.1F;
      if (kind == Rows::kRankTwo) value = s * a[e] + t * b[e];
      if (kind == Rows::kAllEqual || (kind == Rows::kAllButOneEqual && i != n / 2)) value = b[e];
      out.row(i)[e] = value;
    }
    if (kind == Rows::kDuplicates && i > 0 && rng.chance(0.5)) {
      std::ranges::copy(std::as_const(out).row(rng.below(i)), out.row(i).begin());
    }
  }
  return out;
}

struct Case {
  Matrix first;
  Matrix second;
  Rows first_kind, second_kind;
  std::string name;

  PairedRows pairs() const { return {{first, "first"}, {second, "second"}}; }
};

/// Every combination of kinds comes, with fewer rows than columns and the other way round. In half
/// of the cases the second side takes columns of the first.
inline Case random_case(std::uint64_t seed) {
  Rng rng(seed, "case");
  const std::size_t n = rng.below(5) == 0 ? rng.below(5) : 5 + rng.below(20);
  const std::array widths{1 + rng.below(12), 1 + rng.below(12)};
  Case out;
  out.first_kind = static_cast<Rows>(seed % kRowKinds);
  out.second_kind = static_cast<Rows>(seed / kRowKinds % kRowKinds);
  out.first = random_rows(n, widths[0], out.first_kind, rng);
  out.second = random_rows(n, widths[1], out.second_kind, rng);
  const bool alike = rng.chance(0.5) && out.second_kind == Rows::kNormal;
  for (std::size_t i = 0; alike && i < n; ++i) {
    for (std::size_t e = 0; e < std::min(widths[0], widths[1]); ++e) {
      out.second.row(i)[e] += 2.0F * out.first.row(i)[e];
    }
  }
  out.name = "seed " + std::to_string(seed) + ": " + std::to_string(n) + " rows, kinds " +
             std::to_string(static_cast<int>(out.first_kind)) + " and " +
             std::to_string(static_cast<int>(out.second_kind)) + ", widths " +
             std::to_string(widths[0]) + " and " + std::to_string(widths[1]);
  return out;
}
constexpr std::uint64_t kCases = 6 * kRowKinds * kRowKinds;

inline Matrix normals(std::size_t n, std::size_t width, std::uint64_t seed) {
  Rng rng(seed, "normals");
  return random_rows(n, width, Rows::kNormal, rng);
}

inline std::vector<std::int32_t> random_pairing(std::size_t n, std::uint64_t seed) {
  Rng rng(seed, "pairing");
  std::vector<std::int32_t> out = identity_pairing(n);
  rng.shuffle(std::span(out));
  return out;
}

inline Eigen::MatrixXd as_eigen(MatrixView matrix) {
  Eigen::MatrixXd out(matrix.rows(), matrix.cols());
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    for (std::size_t j = 0; j < matrix.cols(); ++j) {
      out(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = matrix.row(i)[j];
    }
  }
  return out;
}

/// Less their mean, by taking the first row away first.
inline Eigen::MatrixXd centred(MatrixView matrix) {
  Eigen::MatrixXd out = as_eigen(matrix);
  if (out.rows() == 0) return out;
  out.rowwise() -= Eigen::RowVectorXd(out.row(0));
  out.rowwise() -= Eigen::RowVectorXd(out.colwise().mean());
  return out;
}

inline bool all_equal(MatrixView matrix) {
  for (std::size_t i = 1; i < matrix.rows(); ++i) {
    if (!std::ranges::equal(matrix.row(i), matrix.row(0))) return false;
  }
  return true;
}

/// Columns in another order, some with their sign turned, all halved: an orthogonal map and a scale
/// that are exact in float32.
inline Matrix turned_exactly(const Matrix& rows, std::uint64_t seed) {
  Rng rng(seed, "turn");
  const auto order = random_pairing(rows.cols(), seed);
  std::vector<float> factors;
  for (std::size_t e = 0; e < rows.cols(); ++e) factors.push_back(rng.chance(0.5) ? 0.5F : -0.5F);
  Matrix out(rows.rows(), rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t e = 0; e < rows.cols(); ++e) {
      out.row(i)[e] = factors[e] * rows.row(i)[static_cast<std::size_t>(order[e])];
    }
  }
  return out;
}

/// By a random orthogonal matrix, times three; rounded to float32.
inline Matrix turned(const Matrix& rows, std::uint64_t seed) {
  const Eigen::MatrixXd turn = orthonormal(as_eigen(normals(rows.cols(), rows.cols(), seed)));
  const Eigen::MatrixXd product = 3.0 * as_eigen(rows) * turn;
  Matrix out(rows.rows(), rows.cols());
  for (std::size_t i = 0; i < out.rows(); ++i) {
    for (std::size_t e = 0; e < out.cols(); ++e) {
      out.row(i)[e] =
          static_cast<float>(product(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(e)));
    }
  }
  return out;
}

}  // namespace alignlab::tests
