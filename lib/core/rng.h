#pragma once

// Named random streams, counter-based (Philox4x32-10: Salmon et al., "Parallel Random Numbers: As
// Easy as 1, 2, 3", SC 2011). Rng(seed, purpose) is the same stream everywhere, and streams of
// different purposes are independent, so that drawing more in one place changes nothing elsewhere.
// There is no global generator.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace alignlab {

class Rng {
 public:
  Rng(std::uint64_t seed, std::string_view purpose);

  std::uint32_t next_u32();
  std::uint64_t next_u64();
  /// The numbers that next_u32 would give, several times faster for many.
  void fill(std::span<std::uint32_t> numbers);
  /// In [0, 1), 53 random bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In [0, n), without bias. Precondition: n > 0.
  std::uint64_t below(std::uint64_t n);
  /// In [low, high], both included.
  int between(int low, int high) {
    return low + static_cast<int>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool chance(double probability) { return uniform() < probability; }
  /// Standard normal (Box-Muller).
  double normal();

  template <typename T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }
  template <typename Container>
  const auto& pick(const Container& values) {
    return values[below(std::size(values))];
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_{};
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;
};

}  // namespace alignlab
