#pragma once

// The standard normal distribution.

namespace alignlab {

/// Probability of a value of at most `x`, with a relative error near 1e-15 in the lower tail too.
double normal_cdf(double x);

/// The x with normal_cdf(x) == probability, to about 1e-15 of max(1, |x|) for probabilities of at
/// least 1e-300. 0 and 1 give minus and plus infinity. Precondition: 0 <= probability <= 1.
double normal_quantile(double probability);

}  // namespace alignlab
