#pragma once

// Exact retrieval: ranks and top-k of canonical scores, streaming over the gallery, never holding
// the score matrix. Kernels that are not the reference filter with cheaper products, bound how far
// those can be off, and score canonically what the bounds leave in doubt.
//
// The canonical score of a query x and a candidate g is their dot product, each product of two
// float32 exact in double, summed in eight lanes (element i goes to lane i mod 8, in order) that
// are folded as ((l0+l4)+(l2+l6)) + ((l1+l5)+(l3+l7)), plus an optional double bias a candidate.
// Every exact kernel gives these bits, on any instruction set, for any thread count and block size.
//
// NaN or infinity in a row is a DataError that names the row.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/matrix.h"
#include "core/ranks.h"
#include "core/relevance.h"

namespace alignlab {

enum class Similarity { kDot, kCosine, kPearson, kEuclidean, kHamming };

Similarity similarity_from(const std::string& name);
const std::vector<CatalogRow>& similarity_catalog();

/// Vectors prepared so that the canonical score is the similarity: cosine scales rows to unit
/// length, Pearson centres them first, Euclidean leaves them and adds the bias -|g|^2/2, Hamming
/// takes their signs (0, of either sign, with the positive ones).
struct Gallery {
  Matrix vectors;
  std::vector<double> bias;   // empty: none
  std::size_t zero_rows = 0;  // rows that cosine or Pearson cannot scale; they score 0 with all
};

/// DataError that names the first row that holds NaN or infinity.
void require_finite(MatrixView rows, const std::string& name);

/// `name` says whose rows they are in errors, e.g. "embeddings of image". Queries are prepared by
/// the same function; their own bias does not change the order of their candidates.
Gallery prepare(MatrixView rows, Similarity similarity, const std::string& name);

struct TopK {
  std::size_t k = 0;
  std::vector<std::int32_t> ids;  // [queries, k], best first; equal scores by lower id
  std::vector<double> scores;
};

/// What a search did, for benches and tests.
struct SearchWork {
  std::string isa;          // the path that products of codes took, by its own word; empty: none
  std::string codes;        // what they were products of
  std::int64_t scored = 0;  // pairs left in doubt, and scored canonically
};

/// How a search is carried out; never what it finds.
struct Kernel {
  std::string name = "certified";
  int threads = 1;
  std::string isa = {};    // empty: as ALIGNLAB_ISA says, or the best of the machine
  std::string codes = {};  // "int8", "int16", "bfloat16"; empty: as a sample of the pairs tells
  SearchWork* work = nullptr;
};

const std::vector<CatalogRow>& kernel_catalog();
/// The instruction sets the running machine offers, best first; "portable" is last.
std::vector<std::string> available_isas();
/// What "certified" can round vectors to on one of these.
std::vector<std::string> available_codes(const std::string& isa);
/// The best available one, or the one that ALIGNLAB_ISA names. UsageError if that is not available.
std::string selected_isa();

Ranks rank(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
           const Kernel& kernel);
TopK top_k(MatrixView queries, const Gallery& gallery, std::size_t k, const Kernel& kernel);

/// A gallery made ready for search after search. Not for several threads at a time; searches have
/// threads of their own.
class SearchIndex {
 public:
  virtual ~SearchIndex() = default;
  /// Where it is approximate, fewer may be found: ids are then -1 and scores -infinity.
  virtual TopK top_k(MatrixView queries, std::size_t k) = 0;
  /// Of the gallery as the index holds it, and of what has been made of it so far.
  virtual std::size_t bytes() const = 0;
};

/// The gallery outlives it.
std::unique_ptr<SearchIndex> exact_index(const Gallery& gallery, const Kernel& kernel);

/// The best candidate of each of many queries, for one set of candidates after another: what is
/// made of the queries is made once, and how they are filtered is chosen for the first set.
class NearestSearch {
 public:
  /// The queries outlive this. `name` says what they are in errors.
  NearestSearch(MatrixView queries, const std::string& name, const Kernel& kernel);
  ~NearestSearch();
  NearestSearch(const NearestSearch&) = delete;
  NearestSearch& operator=(const NearestSearch&) = delete;

  /// As top_k of 1 finds them; -1 where there are no candidates. `likely` is empty or names one
  /// candidate a query: the closer to the best, the faster.
  std::vector<std::int32_t> best(const Gallery& gallery, std::span<const std::int32_t> likely = {});

 private:
  struct Codes;
  MatrixView queries_;
  Kernel kernel_;
  std::unique_ptr<Codes> codes_;
};

struct TwoWayRanks {
  Ranks of_first;
  Ranks of_second;
};
/// Ranks of either side's items among the other's: `rank(first.vectors, second, of_first)` and
/// `rank(second.vectors, first, of_second)`, for the price of one where the items of one side have
/// one relevant candidate each at most.
TwoWayRanks rank_both(const Gallery& first, const Gallery& second, const Relevance& of_first,
                      const Relevance& of_second, const Kernel& kernel);

/// Scores of all queries against one scale. A query's own bias, which changes no order of its
/// candidates, counts here: it is added last, where there is one.
Decisions decide(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
                 double threshold, const Kernel& kernel, std::span<const double> query_bias = {});

ThresholdCurve threshold_curve(MatrixView queries, const Gallery& gallery,
                               const Relevance& relevant, const Kernel& kernel,
                               std::span<const double> query_bias = {});

/// One canonical score, as the reference computes it.
double canonical_dot(std::span<const float> a, std::span<const float> b);

}  // namespace alignlab
