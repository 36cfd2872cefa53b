#include "experiments/bench_rows.h"

#include <omp.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "core/rng.h"

extern "C" void sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda,
                       const float* b, const int* ldb, const float* beta, float* c, const int* ldc);

namespace alignlab::bench {

Gallery unit_rows(std::size_t rows, std::size_t columns, const char* purpose) {
  Gallery out{Matrix(rows, columns), {}, 0};
  Rng random(1, purpose);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = out.vectors.row(i);
    double squares = 0.0;
    for (float& value : row) {
      value = static_cast<float>(random.normal());
      squares += double{value} * value;
    }
    for (float& value : row) value = static_cast<float>(value / std::sqrt(squares));
  }
  return out;
}

CaptionedRows captioned_rows(const CaptionedShape& shape) {
  const auto [rows, images, captions, columns] = shape;
  CaptionedRows out{
      unit_rows(rows, columns, "images"), unit_rows(captions, columns, "captions"), {}, {}};
  std::vector<std::vector<std::int32_t>> of_images(rows), of_captions(captions);
  for (std::size_t j = 0; j < captions; ++j) {
    const std::size_t image = j * images / captions;
    if (image >= rows) continue;
    of_images[image].push_back(static_cast<std::int32_t>(j));
    of_captions[j].push_back(static_cast<std::int32_t>(image));
    const auto from = std::as_const(out.images.vectors).row(image);
    const auto row = out.captions.vectors.row(j);
    double squares = 0.0;
    for (std::size_t e = 0; e < columns; ++e) {
      row[e] += 0.2F * from[e];
      squares += double{row[e]} * row[e];
    }
    for (float& value : row) value = static_cast<float>(value / std::sqrt(squares));
  }
  out.of_images = Relevance(std::move(of_images));
  out.of_captions = Relevance(std::move(of_captions));
  return out;
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double blas_gflops(int threads) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(threads);
  const int size = 1536;
  const auto count = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  const std::vector<float> a(count, 0.5F), b(count, 0.25F);
  std::vector<float> c(count);
  const float one = 1.0F, zero = 0.0F;
  double least = std::numeric_limits<double>::infinity();
  for (int r = 0; r < 4; ++r) {
    least = std::min(least, seconds_of([&] {
                       sgemm_("T", "N", &size, &size, &size, &one, a.data(), &size, b.data(), &size,
                              &zero, c.data(), &size);
                     }));
  }
  omp_set_num_threads(before);
  return 2.0 * std::pow(size, 3.0) / least / 1e9;
}

void hold_blas_to_isa(char** arguments) {
  if (::getenv("OPENBLAS_CORETYPE") != nullptr || selected_isa() == available_isas().front()) {
    return;
  }
  const std::string isa = selected_isa();
  ::setenv("OPENBLAS_CORETYPE",
           isa == "portable" ? "Nehalem"
           : isa == "avx2"   ? "Haswell"
                             : "SkylakeX",
           1);
  ::execv("/proc/self/exe", arguments);
  throw std::runtime_error("could not start again with OPENBLAS_CORETYPE set");
}

}  // namespace alignlab::bench
