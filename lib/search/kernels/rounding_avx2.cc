#include "search/kernels/rounding_body.h"

namespace alignlab::kernels {

const RoundingKernels kRoundingAvx2 = kRounding;

}  // namespace alignlab::kernels
