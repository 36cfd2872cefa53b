#include "linear/blas.h"

#include <omp.h>

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <vector>

// As reference BLAS and LAPACK name them in Fortran; every implementation has these.
extern "C" {
void dsyrk_(const char* uplo, const char* trans, const int* n, const int* k, const double* alpha,
            const double* a, const int* lda, const double* beta, double* c, const int* ldc);
void dgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k,
            const double* alpha, const double* a, const int* lda, const double* b, const int* ldb,
            const double* beta, double* c, const int* ldc);
void dtrsm_(const char* side, const char* uplo, const char* transa, const char* diag, const int* m,
            const int* n, const double* alpha, const double* a, const int* lda, double* b,
            const int* ldb);
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info);
void dsyevr_(const char* jobz, const char* range, const char* uplo, const int* n, double* a,
             const int* lda, const double* vl, const double* vu, const int* il, const int* iu,
             const double* abstol, int* m, double* w, double* z, const int* ldz, int* isuppz,
             double* work, const int* lwork, int* iwork, const int* liwork, int* info);
}

namespace alignlab::blas {
namespace {

constexpr double kOne = 1.0;
// A square has lost half of the digits.
constexpr double kNoise = 1e-7;

int rows_of(const Doubles& matrix) { return static_cast<int>(matrix.rows()); }
int cols_of(const Doubles& matrix) { return static_cast<int>(matrix.cols()); }
/// LAPACK wants leading dimensions of at least 1, of empty matrices too.
int stride_of(const Doubles& matrix) { return std::max(1, rows_of(matrix)); }

void solve_triangular(const char* side, const char* transposed, const Doubles& lower, Doubles& b) {
  const int m = rows_of(b), n = cols_of(b), lda = stride_of(lower), ldb = stride_of(b);
  dtrsm_(side, "L", transposed, "N", &m, &n, &kOne, lower.data(), &lda, b.data(), &ldb);
}

/// a' b.
Doubles transposed_product(const Doubles& a, const Doubles& b) {
  assert(a.rows() == b.rows());
  Doubles out(a.cols(), b.cols());
  const double zero = 0.0;
  const int m = cols_of(a), n = cols_of(b), k = rows_of(a);
  const int lda = stride_of(a), ldb = stride_of(b), ldc = stride_of(out);
  dgemm_("T", "N", &m, &n, &k, &kOne, a.data(), &lda, b.data(), &ldb, &zero, out.data(), &ldc);
  return out;
}

/// Eigenvectors are given up to their sign.
void fix_signs(Doubles& vectors) {
  for (Eigen::Index j = 0; j < vectors.cols(); ++j) {
    Eigen::Index largest = 0;
    vectors.col(j).cwiseAbs().maxCoeff(&largest);
    if (vectors(largest, j) < 0) vectors.col(j) *= -1.0;
  }
}

}  // namespace

Threads::Threads(int count) : before_(omp_get_max_threads()) { omp_set_num_threads(count); }
Threads::~Threads() { omp_set_num_threads(before_); }

void add_gram(Doubles& gram, const Doubles& items) {
  assert(gram.rows() == items.rows() && gram.cols() == items.rows());
  const int n = rows_of(items), k = cols_of(items), lda = stride_of(items), ldc = stride_of(gram);
  dsyrk_("L", "N", &n, &k, &kOne, items.data(), &lda, &kOne, gram.data(), &ldc);
}

void add_product(Doubles& out, const Doubles& a, const Doubles& b) {
  assert(a.cols() == b.cols() && out.rows() == a.rows() && out.cols() == b.rows());
  const int m = rows_of(a), n = rows_of(b), k = cols_of(a);
  const int lda = stride_of(a), ldb = stride_of(b), ldc = stride_of(out);
  dgemm_("N", "T", &m, &n, &k, &kOne, a.data(), &lda, b.data(), &ldb, &kOne, out.data(), &ldc);
}

bool factorise(Doubles& matrix) {
  assert(matrix.rows() == matrix.cols());
  const int n = rows_of(matrix), lda = stride_of(matrix);
  int info = 0;
  dpotrf_("L", &n, matrix.data(), &lda, &info);
  matrix.triangularView<Eigen::StrictlyUpper>().setZero();
  return info == 0;
}

void solve(const Doubles& lower, Doubles& b) { solve_triangular("L", "N", lower, b); }
void solve_transposed(const Doubles& lower, Doubles& b) { solve_triangular("L", "T", lower, b); }
void solve_transposed_on_the_right(const Doubles& lower, Doubles& b) {
  solve_triangular("R", "T", lower, b);
}

Eigenpairs leading_eigenpairs(Doubles matrix, Eigen::Index count) {
  assert(matrix.rows() == matrix.cols() && count <= matrix.rows());
  Eigenpairs out{Eigen::VectorXd(count), Doubles(matrix.rows(), count)};
  if (count == 0) return out;
  const int n = rows_of(matrix), first = n - static_cast<int>(count) + 1;
  const int lda = stride_of(matrix), ldz = stride_of(out.vectors);
  const double tolerance = 0.0;  // LAPACK's own
  int found = 0, info = 0, ask = -1, integers = 0;
  double numbers = 0.0;
  std::vector<double> values(static_cast<std::size_t>(n));
  std::vector<int> support(2 * static_cast<std::size_t>(count));
  const auto call = [&](double* work, int lwork, int* iwork, int liwork) {
    dsyevr_("V", "I", "L", &n, matrix.data(), &lda, nullptr, nullptr, &first, &n, &tolerance,
            &found, values.data(), out.vectors.data(), &ldz, support.data(), work, &lwork, iwork,
            &liwork, &info);
  };
  call(&numbers, ask, &integers, ask);
  std::vector<double> work(static_cast<std::size_t>(numbers));
  std::vector<int> iwork(static_cast<std::size_t>(integers));
  call(work.data(), static_cast<int>(work.size()), iwork.data(), static_cast<int>(iwork.size()));
  if (info != 0 || found != static_cast<int>(count)) {
    throw std::runtime_error("LAPACK found no eigenvectors");
  }
  out.vectors = Doubles(out.vectors.rowwise().reverse());
  for (Eigen::Index i = 0; i < count; ++i) {
    out.values[i] = values[static_cast<std::size_t>(count - 1 - i)];
  }
  fix_signs(out.vectors);
  return out;
}

SingularTriples leading_singular_triples(const Doubles& matrix, Eigen::Index count) {
  const bool wide = matrix.rows() <= matrix.cols();
  const Doubles turned = wide ? Doubles() : Doubles(matrix.transpose());
  const Doubles& shorter = wide ? matrix : turned;
  Doubles square = Doubles::Zero(shorter.rows(), shorter.rows());
  add_gram(square, shorter);
  Eigenpairs found = leading_eigenpairs(std::move(square), std::min(count, shorter.rows()));
  const Eigen::VectorXd values = found.values.cwiseMax(0.0).cwiseSqrt();
  Doubles other = transposed_product(shorter, found.vectors);
  for (Eigen::Index j = 0; j < values.size(); ++j) {
    other.col(j) *= values[j] > kNoise * values[0] ? 1.0 / values[j] : 0.0;
  }
  if (wide) return {values, std::move(found.vectors), std::move(other)};
  return {values, std::move(other), std::move(found.vectors)};
}

}  // namespace alignlab::blas
