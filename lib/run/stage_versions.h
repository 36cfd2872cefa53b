#pragma once

// A stage whose meaning changes gets a new number: its old artifacts are no longer found, and
// records made from them no longer count as done.

namespace alignlab {

inline constexpr int kExtractorVersion = 2;
inline constexpr int kFeaturesVersion = 2;
inline constexpr int kModelVersion = 3;
inline constexpr int kEmbeddingsVersion = 1;
inline constexpr int kFusionVersion = 2;
inline constexpr int kRanksVersion = 4;
inline constexpr int kMetricsVersion = 3;
inline constexpr int kMeasuresVersion = 1;

}  // namespace alignlab
