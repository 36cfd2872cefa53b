#include "geometry/centred_rows.h"

#include <Eigen/Dense>
#include <algorithm>
#include <functional>

#include "geometry/paired_rows.h"

namespace alignlab {
namespace {

constexpr std::size_t kBlockRows = 1024;

/// A block of row numbers after another.
void for_each_block(std::span<const std::int32_t> rows,
                    const std::function<void(std::size_t, std::span<const std::int32_t>)>& visit) {
  for (std::size_t first = 0; first < rows.size(); first += kBlockRows) {
    visit(first, rows.subspan(first, std::min(kBlockRows, rows.size() - first)));
  }
}

Eigen::VectorXd widened(std::span<const float> row) {
  return Eigen::Map<const Eigen::VectorXf>(row.data(), static_cast<Eigen::Index>(row.size()))
      .cast<double>();
}

/// Of a symmetric matrix, from its lower triangle.
double squared_norm_of_lower(const blas::Doubles& lower) {
  const double diagonal = lower.diagonal().squaredNorm();
  double below = 0.0;
  for (Eigen::Index j = 0; j < lower.cols(); ++j) {
    below += lower.col(j).tail(lower.rows() - j - 1).squaredNorm();
  }
  return diagonal + 2.0 * below;
}

}  // namespace

CentredRows::CentredRows(MatrixView rows)
    : rows_(rows), origin_(Eigen::VectorXd::Zero(width())), mean_(origin_) {
  if (rows.rows() == 0) return;
  origin_ = widened(rows.row(0));
  for (std::size_t i = 1; i < rows.rows(); ++i) {
    vary_ = vary_ || !std::ranges::equal(rows.row(i), rows.row(0));
    mean_ += widened(rows.row(i)) - origin_;
  }
  mean_ /= static_cast<double>(rows.rows());
}

blas::Doubles CentredRows::columns(std::span<const std::int32_t> which) const {
  blas::Doubles out(width(), static_cast<Eigen::Index>(which.size()));
  for (std::size_t i = 0; i < which.size(); ++i) {
    out.col(static_cast<Eigen::Index>(i)) =
        widened(rows_.row(static_cast<std::size_t>(which[i]))) - origin_ - mean_;
  }
  return out;
}

blas::Doubles CentredRows::all() const {
  blas::Doubles out(count(), width());
  for_each_block(identity_pairing(rows_.rows()), [&](std::size_t first, auto which) {
    out.middleRows(static_cast<Eigen::Index>(first), std::ssize(which)) =
        columns(which).transpose();
  });
  return out;
}

Eigen::VectorXd squared_norms(const CentredRows& rows) {
  Eigen::VectorXd out(rows.count());
  for_each_block(identity_pairing(static_cast<std::size_t>(rows.count())),
                 [&](std::size_t first, auto which) {
                   out.segment(static_cast<Eigen::Index>(first), std::ssize(which)) =
                       rows.columns(which).colwise().squaredNorm().transpose();
                 });
  return out;
}

blas::Doubles cross_product(const CentredRows& first, const CentredRows& second,
                            std::span<const std::int32_t> pairing) {
  blas::Doubles out = blas::Doubles::Zero(first.width(), second.width());
  for_each_block(identity_pairing(pairing.size()), [&](std::size_t begin, auto which) {
    blas::add_product(out, first.columns(which),
                      second.columns(pairing.subspan(begin, which.size())));
  });
  return out;
}

blas::Doubles gram(const CentredRows& rows) {
  blas::Doubles out = blas::Doubles::Zero(rows.count(), rows.count());
  blas::add_gram(out, rows.all());
  out.triangularView<Eigen::StrictlyUpper>() = out.transpose();
  return out;
}

double squared_gram_norm(const CentredRows& rows) {
  if (rows.count() < rows.width()) return squared_norm_of_lower(gram(rows));
  blas::Doubles square = blas::Doubles::Zero(rows.width(), rows.width());
  for_each_block(identity_pairing(static_cast<std::size_t>(rows.count())),
                 [&](std::size_t, auto which) { blas::add_gram(square, rows.columns(which)); });
  return squared_norm_of_lower(square);
}

}  // namespace alignlab
