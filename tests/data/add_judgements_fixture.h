#pragma once

// What the tests of added judgements share: small data sets, and what an addition left in them.

#include <tuple>

#include "core/rng.h"
#include "data/dataset.h"
#include "data/dataset_writer.h"
#include "data/judgements/add_judgements.h"
#include "tests/data/fixtures.h"

namespace alignlab::tests {

/// Row of the query, row of the candidate, grade.
using Entry = std::tuple<std::int64_t, std::int64_t, float>;
using Entries = std::vector<Entry>;

inline const std::string kPairColumns = "caption,image,agg_score,sampling_method";

/// "COCO_val2014:sentid:7,COCO_val2014_000000000012.jpg,3.5,c2i_intrasim".
inline std::string pair_line(const std::string& caption, const std::string& image,
                             const std::string& score) {
  return "COCO_val2014:sentid:" + caption + ",COCO_val2014_" + std::string(12 - image.size(), '0') +
         image + ".jpg," + score + ",c2i_intrasim\n";
}

class JudgementsTest : public ::testing::Test {
 protected:
  JudgementsTest() { request_.dataset = dataset_; }

  /// Images and texts by these ids; each text is of the first image.
  void make_dataset(const std::vector<std::string>& images, const std::vector<std::string>& texts) {
    DatasetWriter writer(dataset_, {"some", "a test", "none"}, WriterOptions{});
    for (std::size_t i = 0; i < images.size(); ++i) {
      writer.add_file(Modality::kImage, {images[i], static_cast<std::int32_t>(i), Split::kTest},
                      std::nullopt, images[i]);
    }
    for (const std::string& text : texts) writer.add_text({text, 0, Split::kTest}, "A dog.");
    writer.commit();
  }
  /// As the importer of COCO's own files names items.
  void make_coco() { make_dataset({"12", "431431", "5"}, {"900", "648388", "7"}); }
  void make_flickr8k() { make_dataset({"a.jpg", "b.jpg"}, {"a.jpg#0", "a.jpg#1", "b.jpg#0"}); }

  void give(const std::string& format, const std::string& file, std::string_view text,
            const std::vector<std::pair<std::string, std::string>>& options = {}) {
    request_.format = format;
    request_.source = folder_ / file;
    request_.options = resolve_arguments(
        options, find_row(judgement_catalog(), format, "format", {}).options, "test");
    write_text(request_.source, text);
  }

  Entries stored() const {
    const Dataset dataset = Dataset::open(dataset_);
    dataset.file().verify();
    EXPECT_EQ(dataset.content_hash(), dataset.file().content_hash().hex());
    const auto judgements = dataset.judgements();
    Entries entries;
    if (!judgements) return entries;
    for (std::size_t i = 0; i < judgements->grades.size(); ++i) {
      entries.emplace_back(judgements->queries[i], judgements->candidates[i],
                           judgements->grades[i]);
    }
    return entries;
  }
  Entries added() {
    const AddedJudgements result = add_judgements(request_, listener_);
    EXPECT_EQ(names_in(folder_ / "data"), std::vector<std::string>{"d.h5"});
    const auto judgements = Dataset::open(dataset_).judgements();
    EXPECT_EQ(judgements->query_modality, result.queries);
    EXPECT_EQ(judgements->candidate_modality, result.candidates);
    EXPECT_EQ(judgements->grades.size(), result.count);
    return stored();
  }

  /// The message of a refusal that must leave the data set as it was, and nothing beside it.
  template <typename Expected = DataError>
  std::string refusal() {
    const std::string before = read_file(dataset_);
    const std::string message = message_of<Expected>([&] { add_judgements(request_, listener_); });
    EXPECT_EQ(read_file(dataset_), before);
    EXPECT_EQ(names_in(folder_ / "data"), std::vector<std::string>{"d.h5"});
    return message;
  }
  /// The same after the name of the file of judgements.
  std::string refusal_of(std::string_view text) {
    write_text(request_.source, text);
    return after(request_.source.string(), refusal());
  }

  /// Damaged copies of a file, and bytes that are no file at all, are stored or refused.
  void survives_damage_of(const std::string& text, int least_refused) {
    const std::string original = read_file(dataset_);
    const auto add = [&] {
      try {
        add_judgements(request_, listener_);
      } catch (...) {
        EXPECT_EQ(read_file(dataset_), original);
        throw;
      }
      stored();
      write_text(dataset_, original);
    };
    EXPECT_GT(refused_copies(text, request_.source, 50, add), least_refused);
    Rng rng(5, "noise");
    for (int round = 0; round < 15; ++round) {
      std::string noise(rng.below(200), '\0');
      for (char& byte : noise) byte = static_cast<char>(rng.below(256));
      write_text(request_.source, noise);
      message_of<DataError>(add);
    }
    EXPECT_EQ(names_in(folder_ / "data"), std::vector<std::string>{"d.h5"});
  }

  ScratchFolder folder_;
  std::filesystem::path dataset_ = folder_.path() / "data" / "d.h5";
  AddJudgementsRequest request_{};
  Listener listener_;
};

}  // namespace alignlab::tests
