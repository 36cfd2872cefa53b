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
  // By columns, as a column is what the factorisation goes along: a third of the time.
  const Eigen::HouseholderQR<Eigen::MatrixXf> qr(matrix);
  return qr.householderQ() *
         Eigen::MatrixXf::Identity(matrix.rows(), std::min(matrix.rows(), matrix.cols()));
}

struct Subspace {
  RowMajor v;
  Eigen::VectorXf lengths;  // of a x v's columns
};

template <typename A>
Subspace right_subspace(const A& a, Eigen::Index width, Rng& rng) {
  // Both sides span the same space, so only the shorter columns are made orthonormal each time.
  const bool tall = a.rows() >= a.cols();
  RowMajor v(a.cols(), width);
  for (Eigen::Index i = 0; i < v.size(); ++i) v.data()[i] = static_cast<float>(rng.normal());
  for (int i = 0; i < kPowerIterations; ++i) {
    RowMajor u = a * v;
    if (!tall) u = orthonormal(u);
    v = a.transpose() * u;
    if (tall) v = orthonormal(v);
  }
  if (!tall) v = orthonormal(v);
  // Within the subspace, turn to the singular directions so that the leading ones come first.
  const RowMajor image = a * v;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> eigen(
      Eigen::MatrixXf(image.transpose() * image));
  const RowMajor turn = eigen.eigenvectors().rowwise().reverse();
  // Not the roots of the eigenvalues: squaring would have lost half the digits of small ones.
  return {v * turn, (image * turn).colwise().norm()};
}

template <typename A>
Matrix product(const A& a, const Matrix& b) {
  Matrix out(static_cast<std::size_t>(a.rows()), b.cols());
  Eigen::Map<RowMajor>(out.data(), a.rows(), static_cast<Eigen::Index>(b.cols())) =
      a * dense_map(b);
  return out;
}

}  // namespace

LeadingDirections leading_directions(const Features& features, std::size_t wanted, Rng rng) {
  const std::size_t rank = std::min(features.rows(), features.cols());
  const std::size_t kept = std::min(wanted, rank);
  const auto width = static_cast<Eigen::Index>(std::min(kept + kOversampling, rank));
  const Subspace found = features.form() == FeatureForm::kSparse
                             ? right_subspace(sparse_copy(features.sparse()), width, rng)
                             : right_subspace(dense_map(features.dense()), width, rng);
  LeadingDirections out{Matrix(features.cols(), kept), {}};
  for (std::size_t j = 0; j < kept; ++j) {
    const auto column = static_cast<Eigen::Index>(j);
    out.singular_values.push_back(found.lengths[column]);
    for (std::size_t i = 0; i < features.cols(); ++i) {
      out.directions.row(i)[j] = found.v(static_cast<Eigen::Index>(i), column);
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
