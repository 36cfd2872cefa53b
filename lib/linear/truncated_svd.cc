#include "linear/truncated_svd.h"

#include <Eigen/Dense>
#include <Eigen/SparseCore>
#include <algorithm>

namespace alignlab {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Sparse = Eigen::SparseMatrix<float, Eigen::RowMajor, std::int32_t>;

constexpr std::size_t kOversampling = 10;
constexpr int kPowerIterations = 4;

Eigen::Map<const RowMajor> dense_map(const Matrix& matrix) {
  return {matrix.data(), static_cast<Eigen::Index>(matrix.rows()),
          static_cast<Eigen::Index>(matrix.cols())};
}

Sparse sparse_copy(const SparseRows& rows) {
  Sparse out(static_cast<Eigen::Index>(rows.rows()), static_cast<Eigen::Index>(rows.cols));
  out.reserve(static_cast<Eigen::Index>(rows.values.size()));
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    out.startVec(static_cast<Eigen::Index>(i));
    const auto columns = rows.row_columns(i);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      out.insertBack(static_cast<Eigen::Index>(i), columns[k]) = rows.row_values(i)[k];
    }
  }
  out.finalize();
  return out;
}

RowMajor orthonormal(const RowMajor& matrix) {
  const Eigen::HouseholderQR<RowMajor> qr(matrix);
  return qr.householderQ() *
         RowMajor::Identity(matrix.rows(), std::min(matrix.rows(), matrix.cols()));
}

template <typename A>
RowMajor right_subspace(const A& a, Eigen::Index width, Rng& rng) {
  RowMajor v(a.cols(), width);
  for (Eigen::Index i = 0; i < v.size(); ++i) v.data()[i] = static_cast<float>(rng.normal());
  v = orthonormal(v);
  for (int i = 0; i < kPowerIterations; ++i) {
    const RowMajor u = orthonormal(RowMajor(a * v));
    v = orthonormal(RowMajor(a.transpose() * u));
  }
  // Within the subspace, turn to the singular directions so that the leading ones come first.
  const RowMajor image = a * v;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> eigen(
      Eigen::MatrixXf(image.transpose() * image));
  return v * eigen.eigenvectors().rowwise().reverse();
}

template <typename A>
Matrix product(const A& a, const Matrix& b) {
  Matrix out(static_cast<std::size_t>(a.rows()), b.cols());
  Eigen::Map<RowMajor>(out.data(), a.rows(), static_cast<Eigen::Index>(b.cols())) =
      a * dense_map(b);
  return out;
}

}  // namespace

Matrix leading_directions(const Features& features, std::size_t directions, Rng rng) {
  const std::size_t rank = std::min(features.rows(), features.cols());
  const std::size_t kept = std::min(directions, rank);
  const auto width = static_cast<Eigen::Index>(std::min(kept + kOversampling, rank));
  const RowMajor v = features.form() == FeatureForm::kSparse
                         ? right_subspace(sparse_copy(features.sparse()), width, rng)
                         : right_subspace(dense_map(features.dense()), width, rng);
  Matrix out(features.cols(), kept);
  for (std::size_t i = 0; i < out.rows(); ++i) {
    for (std::size_t j = 0; j < kept; ++j) {
      out.row(i)[j] = v(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
    }
  }
  return out;
}

Matrix project(const Features& features, const Matrix& directions) {
  if (features.form() == FeatureForm::kSparse) {
    return product(sparse_copy(features.sparse()), directions);
  }
  return product(dense_map(features.dense()), directions);
}

}  // namespace alignlab
