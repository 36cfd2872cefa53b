// What every row of the catalog of aligners keeps, for each combination of feature forms.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/hdf5.h"
#include "tests/align/fixtures.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::Account;
using tests::aligner_of;
using tests::Forms;
using tests::LatentPairs;
using tests::likeness;
using tests::message_of;
using tests::no_dev;
using tests::ScratchFolder;

/// Options that learn the pairs of these tests in a moment. Every row of the catalog has its own.
const std::map<std::string, std::string>& small_options() {
  static const std::map<std::string, std::string> kOptions{
      {"random", "width = 8"},
      {"identity", ""},
      {"mean-centre", ""},
      {"ridge", "ridge = 0.1\ndirection = \"both\""},
      {"procrustes", "width = 8"},
      {"cca", "width = 8\nfirst_ridge = 0.1\nsecond_ridge = 0.1"},
      {"csa", "width = 8\nfirst_ridge = 0.1\nsecond_ridge = 0.1"},
      {"asif", "anchors = 400\nneighbours = 20\npower = 2.0"},
      {"mlp-mse", "epochs = 30\nhidden = [32]\nbatch_size = 32\nlearning_rate = 0.01"},
      {"autoencoder",
       "epochs = 30\nhidden = [32]\nwidth = 16\nbatch_size = 32\nlearning_rate = 0.01"},
      {"contrastive",
       "epochs = 20\nhidden = [32]\nwidth = 16\nbatch_size = 64\n"
       "learning_rate = 0.01"},
      {"cluster-matching", "clusters = 16\nreduce = 8"},
  };
  return kOptions;
}

TEST(AlignerCatalog, HasEveryRowInTheTableOfSmallOptions) {
  std::vector<std::string> rows, table;
  for (const AlignerRow& row : aligner_catalog()) rows.push_back(row.name);
  for (const auto& [name, options] : small_options()) table.push_back(name);
  std::ranges::sort(rows);
  EXPECT_EQ(rows, table);
}

TEST(AlignerCatalog, ResolvesEveryRowsOwnDefaults) {
  for (const AlignerRow& row : aligner_catalog()) {
    EXPECT_NO_THROW(make_aligner(row.name, resolve(nullptr, row.options, "aligner"), {"cpu", 1}))
        << row.name;
    EXPECT_FALSE(row.summary.empty());
  }
}

/// Those that compare features as they are, which must then be of one width.
const std::set<std::string> kOfOneSpace{"identity", "mean-centre"};

/// Options, beside the small ones, that make another method of a row, and the forms to try it on.
struct Variant {
  std::string name;  // of the row
  std::string label;
  std::string options;
  std::vector<Forms> forms;
};

const std::vector<Variant>& variants() {
  constexpr Forms kDenseDense{FeatureForm::kDense, FeatureForm::kDense};
  constexpr Forms kDenseSparse{FeatureForm::kDense, FeatureForm::kSparse};
  static const std::vector<Variant> kAll{
      {"mlp-mse", "to-first", "direction = \"to-first\"", {kDenseDense, kDenseSparse}},
      {"mlp-mse", "both", "direction = \"both\"", {kDenseDense, kDenseSparse}},
      {"mlp-mse", "shared", "direction = \"shared\"\nwidth = 8", {kDenseDense, kDenseSparse}},
      {"mlp-mse", "cross-entropy", "loss = \"cross-entropy\"", {kDenseSparse}},
      {"autoencoder", "correlational", "variant = \"correlational\"", {kDenseDense, kDenseSparse}},
      {"autoencoder", "two-way", "variant = \"two-way\"", {kDenseDense, kDenseSparse}},
      {"contrastive", "canonical", "canonical = 0.5\nmemory = 50", {kDenseDense, kDenseSparse}},
      {"cluster-matching",
       "votes",
       "granularities = [0.5, 1.0]\nstarts = 3\nmatching = \"pmi\"",
       {kDenseDense, kDenseSparse}},
      {"cluster-matching",
       "hierarchical",
       "method = \"hierarchical\"\ngranularities = [0.5, 1.0]",
       {kDenseDense, kDenseSparse}},
      {"cluster-matching",
       "dbscan",
       "method = \"dbscan\"\nreach = 1.1\ncore_items = 4.0\ngranularities = [0.8, 1.0, 1.2]",
       {kDenseDense, kDenseSparse}},
  };
  return kAll;
}

struct Case {
  std::string name;
  Forms forms;
  std::string label;    // of a variant
  std::string options;  // of a variant
};

std::string label_of(const Case& each) {
  return each.name + (each.label.empty() ? "" : "_" + each.label) + "_" +
         name_of(each.forms.first) + "_" + name_of(each.forms.second);
}

void PrintTo(const Case& each, std::ostream* out) { *out << label_of(each); }

class EveryAligner : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr std::size_t kFewGroups = 20;

  const std::string& name() const { return GetParam().name; }
  Forms forms() const { return GetParam().forms; }
  const AlignerRow& row() const {
    return *std::ranges::find(aligner_catalog(), name(), &AlignerRow::name);
  }
  bool learns() const { return row().learns; }
  std::unique_ptr<Aligner> aligner() const {
    const auto options = small_options().find(name());
    return aligner_of(name(), (options == small_options().end() ? "" : options->second) + "\n" +
                                  GetParam().options);
  }
  std::unique_ptr<Encoder> fit(const SplitItems& train, const DevSplit& dev, std::uint64_t seed,
                               Progress& progress) const {
    return aligner()->fit(TrainSplit(train), dev, seed, progress);
  }
  std::unique_ptr<Encoder> fit(const SplitItems& train, std::uint64_t seed) const {
    Silent silent;
    return fit(train, DevSplit(few("dev")), seed, silent);
  }
  SplitItems few(std::string_view purpose) const {
    return LatentPairs(kFewGroups, forms(), purpose).items;
  }
  static std::vector<Matrix> embedded(const Encoder& encoder, const SplitItems& items) {
    return {encoder.embed(items.first.modality, items.first.features),
            encoder.embed(items.second.modality, items.second.features)};
  }
};

TEST_P(EveryAligner, EmbedsBothModalitiesInFiniteRowsOfOneWidth) {
  const SplitItems unseen = few("test");
  const auto rows = embedded(*fit(few("train"), 1), unseen);
  EXPECT_EQ(rows[0].rows(), unseen.first.groups.size());
  EXPECT_EQ(rows[1].rows(), unseen.second.groups.size());
  EXPECT_EQ(rows[0].cols(), rows[1].cols());
  EXPECT_GT(rows[0].cols(), 0U);
  for (const Matrix& matrix : rows) {
    EXPECT_TRUE(std::ranges::all_of(matrix.values(), [](float v) { return std::isfinite(v); }));
  }
  // No item at all is no mistake.
  EXPECT_EQ(fit(few("train"), 1)
                ->embed(Modality::kImage,
                        tests::in_form(Matrix(0, unseen.first.features.cols()), forms().first))
                .rows(),
            0U);
}

TEST_P(EveryAligner, GivesTheSameBitsForASeedAndOthersForAnotherIfItDraws) {
  const SplitItems train = few("train");
  const SplitItems unseen = few("test");
  const auto once = embedded(*fit(train, 1), unseen);
  EXPECT_EQ(embedded(*fit(train, 1), unseen), once);
  // One of the modalities may be embedded as it is.
  EXPECT_EQ(embedded(*fit(train, 2), unseen) != once, row().draws);
}

TEST_P(EveryAligner, EmbedsTheSameBitsAfterSavingAndLoading) {
  const ScratchFolder folder;
  const SplitItems unseen = few("test");
  const auto fitted = fit(few("train"), 3);
  {
    H5File file = H5File::create(folder / "model.h5");
    fitted->save(file, "/encoder");
    file.close();
  }
  const H5File file = H5File::open(folder / "model.h5");
  EXPECT_EQ(embedded(*aligner()->load(file, "/encoder"), unseen), embedded(*fitted, unseen));
}

TEST_P(EveryAligner, BeatsChanceIfItLearnsAndFallsToItWhenTheGroupsAreShuffled) {
  LatentPairs train(192, forms(), "train");
  const SplitItems unseen = LatentPairs(64, forms(), "test").items;
  Silent silent;
  const double learned = likeness(*fit(train.items, DevSplit(few("dev")), 1, silent), unseen);
  train.shuffle_groups(1);
  const double confused = likeness(*fit(train.items, no_dev(), 1, silent), unseen);
  RecordProperty("learned", std::to_string(learned));
  RecordProperty("confused", std::to_string(confused));
  // Chance is 1 of 16. A matching by chance of 16 clusters has one right on average, and
  // five or more once in 270 times.
  EXPECT_LT(confused, 0.3);
  if (learns()) {
    EXPECT_GT(learned, 0.5);
  } else {
    EXPECT_LT(learned, 0.3);
  }
}

TEST_P(EveryAligner, NeedsNoDevSplit) {
  Silent silent;
  const SplitItems unseen = few("test");
  const auto rows = embedded(*fit(few("train"), no_dev(), 1, silent), unseen);
  EXPECT_EQ(rows[0].rows(), unseen.first.groups.size());
  EXPECT_EQ(rows[0].cols(), rows[1].cols());
}

TEST_P(EveryAligner, SaysThatATrainingSplitHasNoPairIfItLearns) {
  SplitItems train = few("train");
  for (std::int32_t& group : train.second.groups) group += 1000;
  if (!learns()) {
    EXPECT_NO_THROW(fit(train, 1));
    return;
  }
  EXPECT_EQ(message_of<DataError>([&] { fit(train, 1); }),
            "the training split has 20 image and 60 text items, but no pair of them");
}

TEST_P(EveryAligner, NamesModalityAndWidthsOfFeaturesItWasNotFittedOn) {
  const SplitItems train = few("train");
  const auto encoder = fit(train, 1);
  for (const ModalityItems* items : {&train.first, &train.second}) {
    const std::size_t width = items->features.cols();
    for (const std::size_t wrong : {width - 1, width + 1}) {
      const Features features = tests::in_form(Matrix(2, wrong), items->features.form());
      EXPECT_EQ(message_of<DataError>([&] { encoder->embed(items->modality, features); }),
                std::string(name_of(items->modality)) + " features: expected " +
                    std::to_string(width) + " columns, as in training, found " +
                    std::to_string(wrong));
    }
  }
}

TEST_P(EveryAligner, BalancesWhatItReportsAndStopsWhereItIsCancelled) {
  const SplitItems train = few("train");
  Account whole;
  fit(train, no_dev(), 1, whole);
  EXPECT_EQ(whole.begun, whole.ended);
  ASSERT_GT(whole.questions, 0);
  if (learns()) {
    EXPECT_GT(whole.advanced, 0U);
  }
  for (const int at : {1, (whole.questions + 1) / 2, whole.questions}) {
    Account cancelled(at);
    EXPECT_THROW(fit(train, no_dev(), 1, cancelled), Interrupted);
    EXPECT_EQ(cancelled.questions, at);
    EXPECT_EQ(cancelled.advances_after_cancel, 0);
  }
}

std::vector<Case> every_case() {
  std::vector<Case> out;
  for (const AlignerRow& row : aligner_catalog()) {
    for (const Forms forms : {Forms{FeatureForm::kDense, FeatureForm::kDense},
                              Forms{FeatureForm::kDense, FeatureForm::kSparse},
                              Forms{FeatureForm::kSparse, FeatureForm::kDense}}) {
      if (kOfOneSpace.contains(row.name) && forms.first != forms.second) continue;
      out.push_back({row.name, forms, "", ""});
    }
  }
  for (const Variant& variant : variants()) {
    for (const Forms forms : variant.forms) {
      out.push_back({variant.name, forms, variant.label, variant.options});
    }
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryAligner, ::testing::ValuesIn(every_case()),
                         [](const auto& each) {
                           std::string out = label_of(each.param);
                           std::ranges::replace(out, '-', '_');
                           return out;
                         });

}  // namespace
}  // namespace alignlab
