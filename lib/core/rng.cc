#include "core/rng.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/hash.h"

namespace alignlab {
namespace {

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
        static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

constexpr std::size_t kLanes = 8;

#ifdef __SSE2__
/// The blocks of kLanes counters, which differ in the first word alone. A word is the lower half of
/// 64 bits; nothing reads what stands above it.
void philox_lanes(const std::array<std::uint32_t, 4>& first, std::array<std::uint32_t, 2> key,
                  std::uint32_t* numbers) {
  constexpr std::size_t kPairs = kLanes / 2;
  __m128i c0[kPairs], c1[kPairs], c2[kPairs], c3[kPairs];
  const auto both = [](std::uint32_t word) { return _mm_set1_epi64x(word); };
  for (std::uint32_t p = 0; p < kPairs; ++p) {
    c0[p] = _mm_set_epi64x(first[0] + 2 * p + 1, first[0] + 2 * p);
    c1[p] = both(first[1]);
    c2[p] = both(first[2]);
    c3[p] = both(first[3]);
  }
  const __m128i first_factor = both(0xD2511F53), second_factor = both(0xCD9E8D57);
  for (int round = 0; round < 10; ++round) {
    const __m128i key0 = both(key[0]), key1 = both(key[1]);
    for (std::size_t p = 0; p < kPairs; ++p) {
      const __m128i p0 = _mm_mul_epu32(first_factor, c0[p]);
      const __m128i p1 = _mm_mul_epu32(second_factor, c2[p]);
      c0[p] = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(p1, 32), c1[p]), key0);
      c2[p] = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(p0, 32), c3[p]), key1);
      c1[p] = p1;
      c3[p] = p0;
    }
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  for (std::size_t p = 0; p < kPairs; ++p) {
    auto* out = reinterpret_cast<__m128i*>(numbers + 8 * p);
    _mm_storeu_si128(out, _mm_unpacklo_epi64(_mm_unpacklo_epi32(c0[p], c1[p]),
                                             _mm_unpacklo_epi32(c2[p], c3[p])));
    _mm_storeu_si128(out + 1, _mm_unpacklo_epi64(_mm_unpackhi_epi32(c0[p], c1[p]),
                                                 _mm_unpackhi_epi32(c2[p], c3[p])));
  }
}
#else
void philox_lanes(std::array<std::uint32_t, 4> counter, const std::array<std::uint32_t, 2>& key,
                  std::uint32_t* numbers) {
  for (std::size_t l = 0; l < kLanes; ++l, ++counter[0]) {
    std::ranges::copy(philox(counter, key), numbers + 4 * l);
  }
}
#endif

}  // namespace

Rng::Rng(std::uint64_t seed, std::string_view purpose) {
  Hasher hasher;
  hasher.add_value(seed);
  hasher.add(purpose);
  const Hash128 hash = hasher.digest();
  key_ = {static_cast<std::uint32_t>(hash.low), static_cast<std::uint32_t>(hash.low >> 32)};
  // The high half goes into the upper counter words: 2^64 blocks remain for each stream.
  counter_[2] = static_cast<std::uint32_t>(hash.high);
  counter_[3] = static_cast<std::uint32_t>(hash.high >> 32);
}

std::uint32_t Rng::next_u32() {
  if (used_ == 4) {
    block_ = philox(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[used_++];
}

void Rng::fill(std::span<std::uint32_t> numbers) {
  std::size_t i = 0;
  const std::size_t size = numbers.size();
  while (i < size && used_ < 4) numbers[i++] = next_u32();
  const auto do_not_carry = [&] { return counter_[0] <= UINT32_MAX - kLanes; };
  for (; size - i >= 4 * kLanes && do_not_carry(); i += 4 * kLanes) {
    philox_lanes(counter_, key_, numbers.data() + i);
    counter_[0] += kLanes;
  }
  while (i < size) numbers[i++] = next_u32();
}

std::uint64_t Rng::next_u64() {
  const std::uint64_t low = next_u32();
  return low | (std::uint64_t{next_u32()} << 32);
}

double Rng::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }

std::uint64_t Rng::below(std::uint64_t n) {
  // Rejecting the incomplete last cycle keeps every value equally likely.
  const std::uint64_t reject_below = (0 - n) % n;
  std::uint64_t value = next_u64();
  while (value < reject_below) value = next_u64();
  return value % n;
}

double Rng::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace alignlab
