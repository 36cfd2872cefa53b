#include "geometry/thin_svd.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

extern "C" {
void dgesdd_(const char* jobz, const int* m, const int* n, double* a, const int* lda, double* s,
             double* u, const int* ldu, double* vt, const int* ldvt, double* work, const int* lwork,
             int* iwork, int* info);
}

namespace alignlab {
namespace {

constexpr double kNoise = 1e-6;

/// `vectors` is "S" for thin sides or "N" for none.
ThinSvd decomposed(blas::Doubles matrix, const char* vectors) {
  const Eigen::Index count = std::min(matrix.rows(), matrix.cols());
  const bool wanted = *vectors == 'S';
  ThinSvd out{Eigen::VectorXd(count), blas::Doubles(wanted ? matrix.rows() : 0, count),
              blas::Doubles(wanted ? count : 0, matrix.cols())};
  if (count == 0) return out;
  const int m = static_cast<int>(matrix.rows()), n = static_cast<int>(matrix.cols());
  const int k = static_cast<int>(count), right_stride = wanted ? k : 1;
  int info = 0, ask = -1;
  double numbers = 0.0;
  std::vector<int> integers(8 * static_cast<std::size_t>(k));
  const auto call = [&](double* work, int size) {
    dgesdd_(vectors, &m, &n, matrix.data(), &m, out.values.data(), out.left.data(), &m,
            out.right.data(), &right_stride, work, &size, integers.data(), &info);
  };
  call(&numbers, ask);
  std::vector<double> work(static_cast<std::size_t>(numbers));
  call(work.data(), static_cast<int>(work.size()));
  if (info != 0) throw std::runtime_error("LAPACK found no singular values");
  return out;
}

}  // namespace

ThinSvd thin_svd(blas::Doubles matrix) { return decomposed(std::move(matrix), "S"); }

Eigen::VectorXd singular_values(blas::Doubles matrix) {
  return decomposed(std::move(matrix), "N").values;
}

Eigen::Index numerical_rank(const Eigen::VectorXd& values) {
  Eigen::Index rank = 0;
  while (rank < values.size() && values[rank] > kNoise * values[0]) ++rank;
  return rank;
}

}  // namespace alignlab
