#include "search/kernels/rounding_body.h"

namespace alignlab::kernels {

const RoundingKernels kRoundingPortable = kRounding;

}  // namespace alignlab::kernels
