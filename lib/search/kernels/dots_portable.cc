#include "search/kernels/dots.h"

namespace alignlab::kernels {
namespace {

// Panels of four by four rows, each row contiguous: plain loops that compilers make vector code of.
constexpr std::size_t kRows = 4;

template <typename T>
const char* dots(const DotsArguments& a) {
  const T* queries = static_cast<const T*>(a.queries);
  const T* items = static_cast<const T*>(a.items);
  const std::size_t item_count = a.item_panels * kRows;
  for (std::size_t j = 0; j < item_count; ++j) {
    const T* g = items + j * a.depth;
    for (std::size_t i = 0; i < a.query_count; ++i) {
      const T* x = queries + i * a.depth;
      std::int32_t sum = 0;
      for (std::size_t e = 0; e < a.depth; ++e) {
        sum += static_cast<std::int32_t>(x[e]) * static_cast<std::int32_t>(g[e]);
      }
      a.out[i * a.stride + j] = static_cast<float>(sum);
    }
  }
  return "portable";
}

}  // namespace

const char* dots_int8_portable(const DotsArguments& a) { return dots<std::int8_t>(a); }
const char* dots_int16_portable(const DotsArguments& a) { return dots<std::int16_t>(a); }

}  // namespace alignlab::kernels
