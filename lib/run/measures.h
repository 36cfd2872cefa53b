#pragma once

// What a trial measures of its embeddings beside retrieval. Rows are those that are searched, so of
// cosine they are of unit length. Values are by name; an undefined one is absent.
//
//   geometry    As measure_geometry.h names them, the first side asking; but a side goes by its
//               modality ("uniformity_image"). "<name>_p" is the p-value of the pairing.
//   classes     Each labelled item is told by its 10 nearest of the other side, those paired with
//               it among them: "image_to_text.knn_accuracy" and "image_to_text.knn_macro_f1".
//               Candidates without a label can be among the 10 but have no vote. K-means of the
//               rows of both sides together, with as many clusters as classes occur: "kmeans_ami",
//               "kmeans_nmi" and "kmeans_purity" of the labelled items, absent where fewer rows
//               than that differ. Rates are in percent (eval/agreement.h).
//   judgements  Scores of judged pairs against their grades: "kendall_tau_b", "kendall_tau_c" and
//               "spearman" (eval/rank_correlation.h); "pairs" counts them. All are on one scale,
//               whichever side asks: of Euclidean order, a score takes the bias of both rows and so
//               is less half the squared distance.
//
// The same sides and seed give the same values for any number of threads, but for the last digits
// of geometry.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "run/judged_pairs.h"
#include "search/search.h"

namespace alignlab {

struct MeasuredSide {
  std::string modality;              // in names of values
  Gallery rows;                      // uncorrected: with the bias of Euclidean order, or none
  std::vector<std::int32_t> keys;    // items of equal keys belong together
  std::vector<std::int32_t> labels;  // classes, -1 unknown; empty: none
};

/// Both sides are of one width.
struct MeasuredSides {
  MeasuredSide first;
  MeasuredSide second;
  std::vector<JudgedPair> judged;
  std::string source;  // what the items are of; errors begin with it
  std::uint64_t seed = 0;
  int threads = 1;
  std::size_t permutations = 200;  // of the pairing, for p-values of geometry
};

/// Rows: "geometry", "classes", "judgements".
const std::vector<CatalogRow>& measure_catalog();

/// `name` is of the catalog. DataError where the measure needs labels of both sides or judgements
/// and there are none, and for a grade that is not finite.
std::map<std::string, double> measure(const std::string& name, const MeasuredSides& sides);

}  // namespace alignlab
