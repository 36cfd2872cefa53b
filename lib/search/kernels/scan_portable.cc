#include <cstddef>
#include <cstdint>

namespace alignlab::kernels {
namespace {

struct Lanes {
  static constexpr std::size_t kWidth = 4;
  float v[kWidth];

  static Lanes load(const float* at) { return {{at[0], at[1], at[2], at[3]}}; }
  static Lanes all(float value) { return {{value, value, value, value}}; }
  void store(float* at) const {
    for (std::size_t l = 0; l < kWidth; ++l) at[l] = v[l];
  }
};

inline Lanes operator+(Lanes a, Lanes b) {
  for (std::size_t l = 0; l < Lanes::kWidth; ++l) a.v[l] += b.v[l];
  return a;
}
inline Lanes operator-(Lanes a, Lanes b) {
  for (std::size_t l = 0; l < Lanes::kWidth; ++l) a.v[l] -= b.v[l];
  return a;
}
inline Lanes operator*(Lanes a, Lanes b) {
  for (std::size_t l = 0; l < Lanes::kWidth; ++l) a.v[l] *= b.v[l];
  return a;
}
inline Lanes larger(Lanes a, Lanes b) {
  for (std::size_t l = 0; l < Lanes::kWidth; ++l) a.v[l] = a.v[l] > b.v[l] ? a.v[l] : b.v[l];
  return a;
}
inline Lanes fused(Lanes a, Lanes b, Lanes c) { return a * b + c; }
inline std::uint32_t at_least(Lanes a, Lanes b) {
  std::uint32_t bits = 0;
  for (std::size_t l = 0; l < Lanes::kWidth; ++l) bits |= std::uint32_t{a.v[l] >= b.v[l]} << l;
  return bits;
}
inline std::uint32_t above(Lanes a, Lanes b) {
  std::uint32_t bits = 0;
  for (std::size_t l = 0; l < Lanes::kWidth; ++l) bits |= std::uint32_t{a.v[l] > b.v[l]} << l;
  return bits;
}

}  // namespace
}  // namespace alignlab::kernels

#include "search/kernels/scan_body.h"

namespace alignlab::kernels {

const ScanKernels kScanPortable{scan_groups, scan_above, scan_ranks, scan_column_ranks};

}  // namespace alignlab::kernels
