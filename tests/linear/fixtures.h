#pragma once

// Matrices of the linear methods' tests, and the same for Eigen, whose decompositions are their
// oracle.

#include <Eigen/Core>
#include <utility>
#include <vector>

#include "core/features.h"
#include "core/rng.h"
#include "tests/core/testing.h"
#include "tests/decompositions.h"

namespace alignlab::tests {

inline Matrix normals(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Rng random(seed, "normals");
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(random.normal());
  return out;
}

inline Eigen::MatrixXd as_eigen(const Matrix& matrix) {
  Eigen::MatrixXd out(matrix.rows(), matrix.cols());
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    for (std::size_t j = 0; j < matrix.cols(); ++j) {
      out(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = matrix.row(i)[j];
    }
  }
  return out;
}

/// The same rows, without the entries that are 0.
inline SparseRows as_sparse(const Matrix& matrix) {
  SparseRows out;
  out.cols = matrix.cols();
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    for (std::size_t j = 0; j < matrix.cols(); ++j) {
      if (matrix.row(i)[j] == 0.0F) continue;
      out.columns.push_back(static_cast<std::int32_t>(j));
      out.values.push_back(matrix.row(i)[j]);
    }
    out.offsets.push_back(static_cast<std::int64_t>(out.columns.size()));
  }
  return out;
}

/// Two sides of 40 groups that share a little: of each group 0 to 2 items on the first and 0 to 3
/// on the second side, in no order. Half of the entries are 0.
struct TwoSides {
  Matrix first, second;
  std::vector<std::int32_t> first_groups, second_groups;

  TwoSides(std::size_t first_width, std::size_t second_width, std::uint64_t seed) {
    Rng random(seed, "two sides");
    for (std::int32_t group = 0; group < 40; ++group) {
      first_groups.insert(first_groups.end(), random.below(3), group);
      second_groups.insert(second_groups.end(), random.below(4), group);
    }
    random.shuffle(std::span(first_groups));
    random.shuffle(std::span(second_groups));
    const Matrix shared = normals(40, std::min(first_width, second_width), seed + 1);
    first = side(first_groups, first_width, shared, random);
    second = side(second_groups, second_width, shared, random);
  }

  /// Every pair, a row each: the two sides, centred, as covariances are defined on.
  std::pair<Eigen::MatrixXd, Eigen::MatrixXd> centred_pairs() const {
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t i = 0; i < first_groups.size(); ++i) {
      for (std::size_t j = 0; j < second_groups.size(); ++j) {
        if (first_groups[i] == second_groups[j]) pairs.emplace_back(i, j);
      }
    }
    const Eigen::MatrixXd a = as_eigen(first), b = as_eigen(second);
    Eigen::MatrixXd x(pairs.size(), a.cols()), y(pairs.size(), b.cols());
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      x.row(static_cast<Eigen::Index>(p)) = a.row(static_cast<Eigen::Index>(pairs[p].first));
      y.row(static_cast<Eigen::Index>(p)) = b.row(static_cast<Eigen::Index>(pairs[p].second));
    }
    x.rowwise() -= x.colwise().mean().eval();
    y.rowwise() -= y.colwise().mean().eval();
    return {x, y};
  }

 private:
  static Matrix side(const std::vector<std::int32_t>& groups, std::size_t width,
                     const Matrix& shared, Rng& random) {
    Matrix out(groups.size(), width);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto of_group = shared.row(static_cast<std::size_t>(groups[i]));
      for (std::size_t j = 0; j < width; ++j) {
        const double likeness = j < of_group.size() ? 2.0 * of_group[j] : 0.0;
        out.row(i)[j] =
            random.below(2) == 0 ? 0.0F : static_cast<float>(1.0 + likeness + random.normal());
      }
    }
    return out;
  }
};

}  // namespace alignlab::tests
