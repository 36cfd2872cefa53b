#pragma once

// Distances of binary codes: how many bits of each item differ from the query's.

#include <cstddef>
#include <cstdint>

namespace alignlab::kernels {

/// Codes are `words` words of 64 bits each; items lie one after the other.
using Hamming = void (*)(const std::uint64_t* query, const std::uint64_t* items, std::size_t count,
                         std::size_t words, std::uint16_t* distances);

void hamming_portable(const std::uint64_t* query, const std::uint64_t* items, std::size_t count,
                      std::size_t words, std::uint16_t* distances);
/// By the instruction POPCNT, which whatever has AVX2 has too.
void hamming_avx2(const std::uint64_t* query, const std::uint64_t* items, std::size_t count,
                  std::size_t words, std::uint16_t* distances);
/// By VPOPCNTDQ.
void hamming_avx512(const std::uint64_t* query, const std::uint64_t* items, std::size_t count,
                    std::size_t words, std::uint16_t* distances);

}  // namespace alignlab::kernels
