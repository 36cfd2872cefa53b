#include "search/kernels/hamming.h"

namespace alignlab::kernels {

void hamming_avx2(const std::uint64_t* query, const std::uint64_t* items, std::size_t count,
                  std::size_t words, std::uint16_t* distances) {
  for (std::size_t j = 0; j < count; ++j, items += words) {
    std::uint64_t bits = 0;
    for (std::size_t w = 0; w < words; ++w) {
      bits += static_cast<std::uint64_t>(__builtin_popcountll(query[w] ^ items[w]));
    }
    distances[j] = static_cast<std::uint16_t>(bits);
  }
}

}  // namespace alignlab::kernels
