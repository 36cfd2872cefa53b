#include "search/kernels/rounding_body.h"

namespace alignlab::kernels {

const RoundingKernels kRoundingAvx512 = kRounding;

}  // namespace alignlab::kernels
