#include "run/measures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/rng.h"
#include "eval/agreement.h"
#include "eval/columns.h"
#include "eval/rank_correlation.h"
#include "run/measure_geometry.h"
#include "tests/core/testing.h"
#include "tests/search/oracle.h"

namespace alignlab {
namespace {

using tests::matrix_of;
using tests::message_of;

using Labels = std::vector<std::int32_t>;
using Values = std::map<std::string, double>;

constexpr double kClose = 1e-12;

MeasuredSide side_of(const std::string& modality, const Matrix& rows, Similarity similarity,
                     Labels labels = {}) {
  MeasuredSide out{modality, prepare(rows, similarity, modality), {}, std::move(labels)};
  for (std::size_t i = 0; i < rows.rows(); ++i) out.keys.push_back(static_cast<std::int32_t>(i));
  return out;
}

MeasuredSides sides_of(MeasuredSide first, MeasuredSide second) {
  MeasuredSides out;
  out.first = std::move(first);
  out.second = std::move(second);
  out.source = "data.h5";
  return out;
}

Matrix normal_rows(std::size_t rows, std::size_t cols, Rng& rng) {
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(rng.normal());
  return out;
}

/// Small whole numbers, so that scores are exact and tie often.
Matrix coarse_rows(std::size_t rows, std::size_t cols, Rng& rng) {
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(rng.between(-2, 2));
  return out;
}

/// One of them known, at least.
Labels random_labels(std::size_t count, int classes, double unknown, Rng& rng) {
  Labels out(count);
  for (auto& label : out) label = rng.chance(unknown) ? -1 : rng.between(0, classes - 1);
  out[rng.below(count)] = 0;
  return out;
}

double value_of(const Values& values, const std::string& name) {
  const auto found = values.find(name);
  EXPECT_NE(found, values.end()) << name;
  return found == values.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

/// As `expected`, or absent where that has no value.
void expect_value(const Values& values, const std::string& name, std::optional<double> expected) {
  ASSERT_EQ(values.contains(name), expected.has_value()) << name;
  EXPECT_NEAR(expected ? values.at(name) : 0.0, expected.value_or(0.0), kClose) << name;
}

// What neighbours tell, by every score sorted and every vote counted.

std::optional<std::int32_t> told_by(const std::vector<double>& scores, const Labels& labels) {
  Labels heard;
  const auto order = tests::ordered(scores);
  for (std::size_t r = 0; r < std::min<std::size_t>(10, order.size()); ++r) {
    const std::int32_t label = labels[static_cast<std::size_t>(order[r])];
    if (label >= 0) heard.push_back(label);
  }
  if (heard.empty()) return std::nullopt;
  // The first of the largest.
  return *std::ranges::max_element(
      heard, {}, [&](std::int32_t label) { return std::ranges::count(heard, label); });
}

struct Told {
  Labels classes;
  std::vector<std::optional<std::int32_t>> predicted;
};

Told told_of(const MeasuredSide& queries, const MeasuredSide& candidates) {
  const auto scores =
      tests::all_scores(queries.rows.vectors, candidates.rows.vectors, candidates.rows.bias);
  Told out;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (queries.labels[i] < 0) continue;
    out.classes.push_back(queries.labels[i]);
    out.predicted.push_back(told_by(scores[i], candidates.labels));
  }
  return out;
}

TEST(ClassMeasures, TellAClassAsEveryScoreSortedDoes) {
  Rng rng(11, "classes");
  for (int round = 0; round < 300; ++round) {
    const auto similarity =
        rng.pick(std::vector{Similarity::kDot, Similarity::kCosine, Similarity::kEuclidean});
    const std::size_t cols = 1 + rng.below(4);
    const int classes = rng.between(1, 4);
    const double unknown = rng.chance(0.5) ? 0.0 : 0.5;
    const auto random_side = [&](const std::string& modality) {
      const std::size_t rows = 1 + rng.below(30);
      return side_of(modality,
                     rng.chance(0.7) ? coarse_rows(rows, cols, rng) : normal_rows(rows, cols, rng),
                     similarity, random_labels(rows, classes, unknown, rng));
    };
    const MeasuredSides sides = sides_of(random_side("image"), random_side("text"));
    const Values values = measure("classes", sides);
    const std::map<std::string, Told> expected{
        {"image_to_text", told_of(sides.first, sides.second)},
        {"text_to_image", told_of(sides.second, sides.first)}};
    for (const auto& [direction, told] : expected) {
      expect_value(values, direction + ".knn_accuracy", accuracy(told.classes, told.predicted));
      expect_value(values, direction + ".knn_macro_f1", macro_f1(told.classes, told.predicted));
    }
  }
}

TEST(ClassMeasures, HearNoVoteOfAnUnlabelledCandidateAndAskForNoUnlabelledQuery) {
  // The query at 0 hears class 5 once, though three unlabelled candidates are nearer.
  const Matrix candidates = matrix_of(4, 1, {0, 1, 2, 3});
  const Values values =
      measure("classes",
              sides_of(side_of("image", matrix_of(2, 1, {0, 9}), Similarity::kEuclidean, {5, -1}),
                       side_of("text", candidates, Similarity::kEuclidean, {-1, -1, -1, 5})));
  EXPECT_EQ(value_of(values, "image_to_text.knn_accuracy"), 100.0);
  EXPECT_EQ(value_of(values, "image_to_text.knn_macro_f1"), 100.0);
  EXPECT_EQ(value_of(values, "text_to_image.knn_accuracy"), 100.0);
}

TEST(ClassMeasures, CallAQueryWrongWhoseTenNearestHaveNoLabel) {
  const Matrix candidates = matrix_of(11, 1, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  Labels labels(11, -1);
  labels[10] = 0;
  const Values values =
      measure("classes",
              sides_of(side_of("image", matrix_of(2, 1, {0, 10}), Similarity::kEuclidean, {0, 0}),
                       side_of("text", candidates, Similarity::kEuclidean, labels)));
  EXPECT_EQ(value_of(values, "image_to_text.knn_accuracy"), 50.0);
  EXPECT_NEAR(value_of(values, "image_to_text.knn_macro_f1"), 200.0 / 3.0, kClose);
}

// Two heaps of four labelled rows, far apart: classes 0 0 0 1 | 1 1 1 1, and two rows unlabelled.
MeasuredSides two_heaps(std::int32_t odd_label) {
  const Matrix images = matrix_of(5, 2, {0, 0, 0, 1, 50, 0, 50, 1, 51, 1});
  const Matrix texts = matrix_of(5, 2, {1, 0, 1, 1, 51, 0, 52, 0, 2, 0});
  return sides_of(side_of("image", images, Similarity::kEuclidean, {0, 0, 1, 1, -1}),
                  side_of("text", texts, Similarity::kEuclidean, {0, odd_label, 1, 1, -1}));
}

TEST(ClassMeasures, FindClassesThatAreHeapsByKMeans) {
  const Values values = measure("classes", two_heaps(0));
  EXPECT_NEAR(value_of(values, "kmeans_ami"), 1.0, kClose);
  EXPECT_NEAR(value_of(values, "kmeans_nmi"), 1.0, kClose);
  EXPECT_EQ(value_of(values, "kmeans_purity"), 100.0);
}

TEST(ClassMeasures, CompareClustersWithTheClassesOfLabelledItems) {
  const Values values = measure("classes", two_heaps(1));
  EXPECT_EQ(value_of(values, "kmeans_purity"), 100.0 * 7.0 / 8.0);
  const auto entropy = [](double p) { return -p * std::log(p) - (1.0 - p) * std::log(1.0 - p); };
  // Of the heaps one is pure and one is three parts of four.
  const double information = entropy(3.0 / 8.0) - 0.5 * entropy(1.0 / 4.0);
  EXPECT_NEAR(value_of(values, "kmeans_nmi"),
              information / (0.5 * (std::log(2.0) + entropy(3.0 / 8.0))), kClose);
  EXPECT_GT(value_of(values, "kmeans_ami"), 0.0);
  EXPECT_LT(value_of(values, "kmeans_ami"), value_of(values, "kmeans_nmi"));
}

TEST(ClassMeasures, AreDefinedForOneClass) {
  MeasuredSides sides = two_heaps(0);
  sides.first.labels = {3, 3, 3, 3, -1};
  sides.second.labels = {3, -1, 3, 3, 3};
  for (const auto& [name, value] : measure("classes", sides)) {
    EXPECT_EQ(value, name == "kmeans_ami" || name == "kmeans_nmi" ? 1.0 : 100.0) << name;
  }
}

TEST(ClassMeasures, LeaveOutClustersWhereFewerRowsDifferThanThereAreClasses) {
  const Matrix rows = matrix_of(3, 2, {1, 0, 0, 1, 0, 1});
  const auto of_classes = [&](const Labels& labels) {
    return measure("classes", sides_of(side_of("image", rows, Similarity::kCosine, labels),
                                       side_of("text", rows, Similarity::kCosine, labels)));
  };
  EXPECT_TRUE(of_classes({0, 1, 1}).contains("kmeans_nmi"));
  const Values values = of_classes({0, 1, 2});
  for (const auto& [name, value] : values) EXPECT_FALSE(name.starts_with("kmeans")) << name;
  EXPECT_TRUE(values.contains("image_to_text.knn_accuracy"));
}

TEST(ClassMeasures, AreTheSameForAnyNumberOfThreads) {
  Rng rng(5, "threads");
  MeasuredSides sides = sides_of(side_of("image", normal_rows(90, 5, rng), Similarity::kCosine,
                                         random_labels(90, 6, 0.1, rng)),
                                 side_of("text", normal_rows(120, 5, rng), Similarity::kCosine,
                                         random_labels(120, 6, 0.1, rng)));
  const Values values = measure("classes", sides);
  EXPECT_EQ(values.size(), 7U);
  sides.threads = 3;
  EXPECT_EQ(measure("classes", sides), values);
}

TEST(ClassMeasures, NeedLabelsOfBothSides) {
  for (const Labels& none : {Labels{}, Labels{-1, -1, -1, -1, -1}}) {
    MeasuredSides sides = two_heaps(0);
    sides.second.labels = none;
    EXPECT_EQ(message_of<DataError>([&] { measure("classes", sides); }),
              "data.h5: has no labels of the evaluated text items, which measure 'classes' needs");
  }
}

// Kendall's tau by counting pairs.

struct Tau {
  std::optional<double> b;
  std::optional<double> c;
};

Tau tau_of(const std::vector<double>& first, const std::vector<double>& second) {
  const auto sign = [](double a, double b) { return (a > b) - (a < b); };
  double agreement = 0.0, apart_first = 0.0, apart_second = 0.0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int a = sign(first[i], first[j]), b = sign(second[i], second[j]);
      agreement += a * b;
      apart_first += a * a;
      apart_second += b * b;
    }
  }
  if (apart_first == 0.0 || apart_second == 0.0) return {};
  const std::size_t distinct = std::min(std::set(first.begin(), first.end()).size(),
                                        std::set(second.begin(), second.end()).size());
  const auto m = static_cast<double>(distinct), n = static_cast<double>(first.size());
  return {agreement / std::sqrt(apart_first * apart_second),
          2.0 * agreement * m / (n * n * (m - 1.0))};
}

/// From the rows themselves; of Euclidean order, from the distance.
double score_of(std::span<const float> a, std::span<const float> b, Similarity similarity) {
  double sum = 0.0;
  for (std::size_t e = 0; e < a.size(); ++e) {
    const double off = double{a[e]} - double{b[e]};
    sum += similarity == Similarity::kEuclidean ? -0.5 * off * off : double{a[e]} * double{b[e]};
  }
  return sum;
}

TEST(JudgementMeasures, CompareScoresOnOneScaleWithGrades) {
  Rng rng(21, "judgements");
  for (int round = 0; round < 300; ++round) {
    const auto similarity = rng.pick(std::vector{Similarity::kDot, Similarity::kEuclidean});
    const std::size_t cols = 1 + rng.below(10);
    const Matrix images = coarse_rows(1 + rng.below(8), cols, rng);
    const Matrix texts = coarse_rows(1 + rng.below(8), cols, rng);
    MeasuredSides sides =
        sides_of(side_of("image", images, similarity), side_of("text", texts, similarity));
    std::vector<double> scores, grades;
    const std::size_t pairs = 1 + rng.below(30);
    for (std::size_t p = 0; p < pairs; ++p) {
      sides.judged.push_back({rng.below(images.rows()), rng.below(texts.rows()),
                              0.25 * rng.between(0, rng.chance(0.8) ? 4 : 0)});
      const JudgedPair& pair = sides.judged.back();
      scores.push_back(score_of(images.row(pair.first), texts.row(pair.second), similarity));
      grades.push_back(pair.grade);
    }
    const Values values = measure("judgements", sides);
    const Tau tau = tau_of(scores, grades);
    expect_value(values, "kendall_tau_b", tau.b);
    expect_value(values, "kendall_tau_c", tau.c);
    expect_value(values, "spearman", spearman_rho(scores, grades));
    expect_value(values, "pairs", static_cast<double>(pairs));

    std::swap(sides.first, sides.second);
    for (JudgedPair& pair : sides.judged) std::swap(pair.first, pair.second);
    EXPECT_EQ(measure("judgements", sides), values);
  }
}

TEST(JudgementMeasures, TakeTheLengthOfBothRowsIntoADistance) {
  // Squared distances 1, 4 and 104, graded 3, 2 and 1. Without the bias of the image, which is the
  // same for all its texts, the pair far from the origin would score highest: 48, -1/2 and -52.
  MeasuredSides sides =
      sides_of(side_of("image", matrix_of(2, 2, {0, 0, 10, 0}), Similarity::kEuclidean),
               side_of("text", matrix_of(2, 2, {1, 0, 10, 2}), Similarity::kEuclidean));
  sides.judged = {{0, 0, 3.0}, {1, 1, 2.0}, {0, 1, 1.0}};
  const Values expected{
      {"kendall_tau_b", 1.0}, {"kendall_tau_c", 1.0}, {"pairs", 3.0}, {"spearman", 1.0}};
  EXPECT_EQ(measure("judgements", sides), expected);
}

TEST(JudgementMeasures, CountPairsOfWhichNothingElseIsDefined) {
  MeasuredSides sides = two_heaps(0);
  sides.judged = {{0, 0, 1.0}};
  EXPECT_EQ(measure("judgements", sides), (Values{{"pairs", 1.0}}));
  sides.judged = {{0, 0, 1.0}, {1, 3, 1.0}};
  EXPECT_EQ(measure("judgements", sides), (Values{{"pairs", 2.0}}));
}

TEST(JudgementMeasures, NeedJudgementsWithFiniteGrades) {
  MeasuredSides sides = two_heaps(0);
  EXPECT_EQ(message_of<DataError>([&] { measure("judgements", sides); }),
            "data.h5: has no judgements of the evaluated items, which measure 'judgements' needs");
  sides.judged = {{0, 0, 1.0}, {1, 0, std::numeric_limits<double>::infinity()}};
  EXPECT_EQ(message_of<DataError>([&] { measure("judgements", sides); }),
            "data.h5: grade of a judgement: expected a finite number, found inf");
}

TEST(GeometryMeasures, AreThoseOfTheRowsByNamesThatColumnsCanHave) {
  Rng rng(8, "geometry");
  MeasuredSides sides = sides_of(side_of("image", normal_rows(60, 4, rng), Similarity::kCosine),
                                 side_of("text", normal_rows(60, 4, rng), Similarity::kCosine));
  sides.seed = 6;
  GeometryRequest asked;
  asked.queries = sides.first.rows.vectors;
  asked.candidates = sides.second.rows.vectors;
  asked.query_keys = sides.first.keys;
  asked.candidate_keys = sides.second.keys;
  asked.similarity = Similarity::kDot;
  asked.permutations = {200, 6};
  std::map<std::string, std::string> renamed{{"uniformity_queries", "uniformity_image"},
                                             {"uniformity_candidates", "uniformity_text"},
                                             {"effective_rank_queries", "effective_rank_image"},
                                             {"effective_rank_candidates", "effective_rank_text"}};
  Values expected;
  for (const GeometryRow& row : measure_geometry(asked)) {
    const std::string name = renamed.contains(row.name) ? renamed[row.name] : row.name;
    if (row.value) expected[name] = *row.value;
    if (row.null) expected[name + "_p"] = row.null->p;
  }
  const Values values = measure("geometry", sides);
  EXPECT_EQ(values, expected);
  for (const auto& [name, value] : values) {
    EXPECT_NO_THROW(check_column("geometry." + name, {"image_to_text", "text_to_image"}, {}));
  }
  EXPECT_TRUE(values.contains("mutual_kNN_p"));
  EXPECT_TRUE(values.contains("effective_rank_text"));
  for (const auto& [name, value] : values) {
    EXPECT_EQ(name.find_first_of(" ,.%-/"), std::string::npos) << name;
  }
}

TEST(GeometryMeasures, FindHubsInTheOrderOfTheSearch) {
  Rng rng(9, "hubs");
  for (const auto similarity : {Similarity::kDot, Similarity::kCosine, Similarity::kPearson,
                                Similarity::kEuclidean, Similarity::kHamming}) {
    const MeasuredSides sides = sides_of(side_of("image", normal_rows(15, 6, rng), similarity),
                                         side_of("text", normal_rows(80, 6, rng), similarity));
    std::set<std::int32_t> found;
    for (const auto& scores : tests::all_scores(sides.first.rows.vectors, sides.second.rows.vectors,
                                                sides.second.rows.bias)) {
      const auto order = tests::ordered(scores);
      found.insert(order.begin(), order.begin() + 10);
    }
    EXPECT_NEAR(value_of(measure("geometry", sides), "antihub_share"),
                1.0 - static_cast<double>(found.size()) / 80.0, kClose);
  }
}

TEST(GeometryMeasures, LeaveOutWhatNeedsPairsWhereThereAreNone) {
  MeasuredSides sides = two_heaps(0);
  sides.second.keys = {100, 101, 102, 103, 104};
  const Values values = measure("geometry", sides);
  for (const char* paired : {"linear_CKA", "mutual_kNN", "mutual_kNN_p", "alignment"}) {
    EXPECT_FALSE(values.contains(paired)) << paired;
  }
  EXPECT_TRUE(values.contains("modality_gap"));
}

TEST(GeometryMeasures, OfUnitRowsAreWorkedByHand) {
  // Means (1/2, 1/2) and (-1/2, 1/2); pairs at squared distances 4 and 0.
  const Values values = measure(
      "geometry", sides_of(side_of("image", matrix_of(2, 2, {3, 0, 0, 2}), Similarity::kCosine),
                           side_of("text", matrix_of(2, 2, {-1, 0, 0, 5}), Similarity::kCosine)));
  EXPECT_NEAR(value_of(values, "modality_gap"), 1.0, kClose);
  EXPECT_NEAR(value_of(values, "alignment"), 2.0, kClose);
  EXPECT_NEAR(value_of(values, "uniformity_image"), -4.0, kClose);
}

TEST(Measures, AreListedInACatalog) {
  std::vector<std::string> names;
  for (const CatalogRow& row : measure_catalog()) names.push_back(row.name);
  EXPECT_EQ(names, (std::vector<std::string>{"geometry", "classes", "judgements"}));
}

}  // namespace
}  // namespace alignlab
