#pragma once

// Eigen's decompositions, which share nothing with the LAPACK that modules use. Compiled once,
// since compilers take long for each.

#include <Eigen/Core>

namespace alignlab::tests {

/// Thin, values descending.
struct SingularTriples {
  Eigen::MatrixXd u, v;
  Eigen::VectorXd values;
};
SingularTriples singular_triples(const Eigen::MatrixXd& matrix);

/// Of a matrix with at least as many rows as columns, whose columns are independent: orthonormal
/// columns of the same span.
Eigen::MatrixXd orthonormal(const Eigen::MatrixXd& matrix);

/// The x of least |ax - b|.
Eigen::MatrixXd least_squares(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

/// Real parts, descending.
Eigen::VectorXd eigenvalues(const Eigen::MatrixXd& square);

struct Projection {
  Eigen::MatrixXd onto;  // the columns' span
  Eigen::Index rank;     // what is below `threshold` times the largest pivot counts as nothing
};
/// By a pseudo-inverse, no basis chosen.
Projection projection(const Eigen::MatrixXd& matrix, double threshold);

}  // namespace alignlab::tests
