#include "search/blas_dots.h"

// Debian's OpenBLAS has no header of its own name in every variant; the symbol is the standard's.
extern "C" void sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda,
                       const float* b, const int* ldb, const float* beta, float* c, const int* ldc);

namespace alignlab {
namespace {

// Large enough for BLAS to reach its speed, small enough for the products to stay in a cache.
constexpr std::size_t kQueries = 128;
constexpr std::size_t kItems = 16;
constexpr std::size_t kItemPanels = 32;

const char* dots(const kernels::DotsArguments& a) {
  const int items = static_cast<int>(a.item_panels * kItems);
  const int queries = static_cast<int>(a.query_count);
  const int depth = static_cast<int>(a.depth);
  const int stride = static_cast<int>(a.stride);
  const float one = 1.0F, zero = 0.0F;
  // Column-major: a column of `out` is a query.
  sgemm_("T", "N", &items, &queries, &depth, &one, static_cast<const float*>(a.items), &depth,
         static_cast<const float*>(a.queries), &depth, &zero, a.out, &stride);
  return "blas";
}

}  // namespace

kernels::DotsKernel blas_dots() {
  return {.isa = "blas",
          .name = "float32",
          .code = kernels::Code::kFloat32,
          .dots = dots,
          .queries = {kQueries, 0},
          .items = {kItems, 0},
          .depth_multiple = 1,
          .strip_panels = kItemPanels,
          .query_limit = 0,
          .item_limit = 0,
          .query_offset = 0,
          .query_chunk_limit = 0,
          .item_chunk_limit = 0,
          .products_a_cycle = 12.0};
}

}  // namespace alignlab
