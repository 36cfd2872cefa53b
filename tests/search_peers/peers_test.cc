// Searches by other libraries, as we tell them what to do.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "config/options.h"
#include "core/rng.h"
#include "search/approximate.h"
#include "tests/search/oracle.h"

namespace alignlab {
namespace {

const std::vector<std::string> kPeers{"faiss-flat", "faiss-hnsw", "faiss-ivf", "hnswlib"};

Section told(const std::string& peer, const std::map<std::string, std::int64_t>& given = {}) {
  for (const CatalogRow& row : approximate_kernel_catalog()) {
    if (row.name != peer) continue;
    Section out = resolve(nullptr, row.options, peer);
    for (const auto& [name, value] : given) {
      if (out.values().contains(name)) out.set(name, value);
    }
    return out;
  }
  ADD_FAILURE() << peer;
  return {};
}

/// Rows around a few directions, of length 1.
Gallery clustered(std::size_t count, const char* purpose) {
  Rng rng(1, purpose);
  Matrix rows(count, 24);
  for (std::size_t i = 0; i < count; ++i) {
    for (float& value : rows.row(i)) value = static_cast<float>(0.3 * rng.normal());
    rows.row(i)[rng.below(24)] += 1.0F;
  }
  return prepare(rows, Similarity::kCosine, "rows");
}

double share_found(const TopK& found, const TopK& exact) {
  double shared = 0.0;
  for (std::size_t i = 0; i < exact.ids.size(); i += exact.k) {
    const auto own = found.ids.begin() + static_cast<std::ptrdiff_t>(i);
    for (std::size_t r = 0; r < exact.k; ++r) {
      shared += std::find(own, own + static_cast<std::ptrdiff_t>(found.k), exact.ids[i + r]) !=
                own + static_cast<std::ptrdiff_t>(found.k);
    }
  }
  return shared / static_cast<double>(exact.ids.size());
}

TEST(Peers, FindTheNearestBestFirstWithAndWithoutABias) {
  const Gallery queries = clustered(60, "queries");
  for (const bool biased : {false, true}) {
    Gallery gallery = clustered(1500, "items");
    Rng rng(2, "bias");
    for (std::size_t j = 0; biased && j < 1500; ++j) gallery.bias.push_back(0.2 * rng.normal());
    const TopK exact = top_k(queries.vectors, gallery, 10, {.name = "scalar"});
    for (const std::string& peer : kPeers) {
      for (const int threads : {1, 2}) {
        SCOPED_TRACE(peer + (biased ? " with bias" : ""));
        const auto index =
            peer_index(peer, told(peer, {{"probes", 40}, {"search_width", 300}}), gallery, threads);
        const TopK found = index->top_k(queries.vectors, 10);
        ASSERT_EQ(found.k, 10U);
        EXPECT_GT(share_found(found, exact), peer == "faiss-flat" ? 0.999 : 0.9);
        for (std::size_t i = 0; i < found.ids.size(); ++i) {
          const auto query = i / 10;
          ASSERT_GE(found.ids[i], 0);
          const auto item = static_cast<std::size_t>(found.ids[i]);
          const double score = canonical_dot(std::as_const(queries.vectors).row(query),
                                             std::as_const(gallery.vectors).row(item)) +
                               (biased ? gallery.bias[item] : 0.0);
          ASSERT_NEAR(found.scores[i], score, 1e-5);
          if (i % 10 == 0) continue;
          ASSERT_GE(found.scores[i - 1], found.scores[i]);
        }
        EXPECT_GT(index->bytes(), 1500U * 24 * 4 - 1);
      }
    }
  }
}

TEST(Peers, FindMoreTheMoreTheyLookAt) {
  const Gallery queries = clustered(100, "queries"), gallery = clustered(3000, "items");
  const TopK exact = top_k(queries.vectors, gallery, 10, {});
  const auto found_by = [&](const std::string& peer, std::int64_t effort) {
    const auto index =
        peer_index(peer, told(peer, {{"probes", effort}, {"search_width", effort}}), gallery, 1);
    return share_found(index->top_k(queries.vectors, 10), exact);
  };
  for (const char* peer : {"faiss-hnsw", "faiss-ivf", "hnswlib"}) {
    EXPECT_GT(found_by(peer, 100), found_by(peer, 1)) << peer;
  }
}

TEST(Peers, FillUpWithNothingWhereTheyFindFewer) {
  // One list of one item is all that a single probe sees.
  const Gallery gallery = clustered(3, "items");
  const auto index =
      peer_index("faiss-ivf", told("faiss-ivf", {{"lists", 3}, {"probes", 1}}), gallery, 1);
  const TopK found = index->top_k(clustered(1, "queries").vectors, 10);
  ASSERT_EQ(found.k, 3U);
  EXPECT_GE(found.ids[0], 0);
  EXPECT_EQ(found.ids[2], -1);
  EXPECT_EQ(found.scores[2], -std::numeric_limits<double>::infinity());
}

TEST(Peers, OfNothingFindNothing) {
  const Gallery none{Matrix(0, 4), {}, 0};
  for (const std::string& peer : kPeers) {
    const auto index = peer_index(peer, told(peer), none, 1);
    EXPECT_TRUE(index->top_k(Matrix(2, 4), 5).ids.empty()) << peer;
  }
}

TEST(RanksOfLists, PutWhatIsNotFoundBehindAllThatIs) {
  TopK lists;
  lists.k = 3;
  lists.ids = {4, 0, 2, 1, -1, -1};
  const Relevance relevant(std::vector<std::vector<std::int32_t>>{{0, 2, 3}, {1}});
  const Ranks ranks = ranks_of_lists(lists, relevant, 5);
  EXPECT_EQ(ranks.offsets, (std::vector<std::int64_t>{0, 3, 4}));
  EXPECT_EQ(ranks.above, (std::vector<std::int64_t>{1, 2, std::int64_t{1} << 60, 0}));
  EXPECT_EQ(ranks.ties, (std::vector<std::int64_t>(4, 0)));
  EXPECT_EQ(ranks.ties_before, (std::vector<std::int64_t>(4, 0)));
  EXPECT_EQ(ranks.candidates, 5);
}

}  // namespace
}  // namespace alignlab
