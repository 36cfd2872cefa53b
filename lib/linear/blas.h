#pragma once

// The products, factorisations and eigenvectors that closed forms spend their time in, by BLAS and
// LAPACK: Eigen holds the matrices, OpenBLAS has the kernels of the machine. Column-major doubles.
// With more threads sums may be in another order; Threads says how many there are. Private to what
// is computed in closed form: no header of another module sees Eigen.

#include <Eigen/Core>

namespace alignlab::blas {

using Doubles = Eigen::MatrixXd;

/// The number of threads of BLAS and LAPACK, for as long as it lives.
class Threads {
 public:
  explicit Threads(int count);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// gram += items items', an item a column, its lower triangle alone.
void add_gram(Doubles& gram, const Doubles& items);
/// out += a b'.
void add_product(Doubles& out, const Doubles& a, const Doubles& b);

/// Replaces the lower triangle of a symmetric matrix by its Cholesky factor L, and the upper one
/// by zeros. False if the matrix is not positive definite, and then it is spoilt.
[[nodiscard]] bool factorise(Doubles& matrix);
/// b = L^-1 b, b = L'^-1 b and b = b L'^-1.
void solve(const Doubles& lower, Doubles& b);
void solve_transposed(const Doubles& lower, Doubles& b);
void solve_transposed_on_the_right(const Doubles& lower, Doubles& b);

struct Eigenpairs {
  Eigen::VectorXd values;  // descending
  Doubles vectors;         // a column each; the entry of largest magnitude is positive
};

/// Of the symmetric matrix whose lower triangle this is, the `count` largest.
Eigenpairs leading_eigenpairs(Doubles matrix, Eigen::Index count);

struct SingularTriples {
  Eigen::VectorXd values;  // descending
  Doubles left;            // [rows, k]
  Doubles right;           // [columns, k]
};

/// The `count` largest, from the eigenvectors of the shorter side's square: values below a
/// ten-millionth of the largest are noise, and one side's vector is 0 there.
SingularTriples leading_singular_triples(const Doubles& matrix, Eigen::Index count);

}  // namespace alignlab::blas
