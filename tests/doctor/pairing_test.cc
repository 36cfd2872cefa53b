#include <array>
#include <numeric>
#include <span>

#include "core/lines.h"
#include "core/rng.h"
#include "data/matrix_file.h"
#include "tests/core/real_data.h"
#include "tests/doctor/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;

using Order = std::vector<std::size_t>;

/// A world of groups that are each about three of twelve topics: captions name them, and features
/// are 1 in their columns, but for noise.
class Pairing : public tests::DoctorTest {
 protected:
  static constexpr std::size_t kTopics = 12;

  struct World {
    int groups = 300;
    int captions = 2;
    bool tiled = false;  // first captions of all groups first
    Split split = Split::kTrain;
    double noise = 0.3;
  };

  static std::vector<std::size_t> topics_of(std::int32_t group) {
    Rng random(static_cast<std::uint64_t>(group), "topics");
    return {random.below(kTopics), random.below(kTopics), random.below(kTopics)};
  }
  static std::string caption(std::int32_t group, int number) {
    std::string text = "Number " + std::to_string(number) + ":";
    for (const std::size_t topic : topics_of(group)) text += " topic" + std::to_string(topic);
    return text;
  }
  static std::vector<float> features(std::int32_t group, std::uint64_t item, const World& world) {
    std::vector<float> row(kTopics);
    Rng random(item, "noise");
    for (float& value : row) value = static_cast<float>(world.noise * random.normal());
    for (const std::size_t topic : topics_of(group)) row[topic] += 1.0F;
    return row;
  }
  /// Ids whose order is not that of the items.
  static std::string id(std::int32_t group, int number) {
    return std::to_string(group * 7919 % 1009) + "-" + std::to_string(group) + "#" +
           std::to_string(number);
  }

  void write_items(DatasetWriter& writer, const World& world, Modality other) {
    for (int group = 0; group < world.groups; ++group) {
      writer.add_bare(other, {id(group, 0), group, world.split});
    }
    const int texts = world.groups * world.captions;
    for (int i = 0; i < texts; ++i) {
      const int group = world.tiled ? i % world.groups : i / world.captions;
      const int number = world.tiled ? i / world.groups : i % world.captions;
      writer.add_text({id(group, number), group, world.split}, caption(group, number));
    }
  }
  static Order stored(std::size_t count) {
    Order order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    return order;
  }
  /// Row r has the features of item item_of_row[r], which is of group groups[item_of_row[r]].
  static void write_rows(DatasetWriter& writer, const World& world, Modality modality,
                         const std::vector<std::int32_t>& groups, const Order& item_of_row) {
    const auto rows = [&](std::size_t first, std::span<float> out) {
      for (std::size_t i = 0; i < out.size() / kTopics; ++i) {
        const std::size_t item = item_of_row[first + i];
        std::ranges::copy(features(groups[item], item, world),
                          out.subspan(i * kTopics, kTopics).begin());
      }
    };
    Silent silent;
    writer.write_features({modality, "net", kTopics, {}, rows}, silent);
  }
  static std::vector<std::int32_t> groups_of_images(const World& world) {
    std::vector<std::int32_t> groups(static_cast<std::size_t>(world.groups));
    std::iota(groups.begin(), groups.end(), 0);
    return groups;
  }
  Inspection inspect_images(const World& world, const Order& item_of_row) {
    DatasetWriter writer(path_, {"world", "", ""}, WriterOptions{});
    write_items(writer, world, Modality::kImage);
    write_rows(writer, world, Modality::kImage, groups_of_images(world), item_of_row);
    writer.commit();
    return inspect_file();
  }
  static std::vector<std::int32_t> groups_of_texts(const World& world) {
    std::vector<std::int32_t> groups;
    for (int i = 0; i < world.groups * world.captions; ++i) {
      groups.push_back(world.tiled ? i % world.groups : i / world.captions);
    }
    return groups;
  }
  Inspection inspect_text_features(const World& world, const Order& item_of_row) {
    DatasetWriter writer(path_, {"world", "", ""}, WriterOptions{});
    write_items(writer, world, Modality::kImage);
    write_rows(writer, world, Modality::kText, groups_of_texts(world), item_of_row);
    writer.commit();
    return inspect_file();
  }
  static std::vector<std::string> errors(const Inspection& inspection) {
    std::vector<std::string> codes;
    for (const Finding& finding : inspection.findings) {
      if (finding.severity != Severity::kError) continue;
      EXPECT_EQ(finding.count, 1U);
      EXPECT_FALSE(finding.hint.empty());
      codes.push_back(finding.code);
    }
    return codes;
  }
  /// An order that is wrong, and is found to be this one.
  static void expect_order(const Inspection& inspection, const std::string& name,
                           const std::string& meaning) {
    ASSERT_EQ(errors(inspection), std::vector{"pairing-looks-" + name}) << to_text(inspection);
    EXPECT_TRUE(tests::contains(inspection.findings[0].examples.at(0), meaning));
    EXPECT_LT(inspection.pairing.at(0).z, 3.0);
  }

  static constexpr const char* kShuffled = "features-seem-shuffled";
};

TEST_F(Pairing, OfFeaturesInTheOrderOfTheirItemsIsFarFromRandom) {
  const Inspection inspection = inspect_images({}, stored(300));
  EXPECT_TRUE(errors(inspection).empty()) << to_text(inspection);
  ASSERT_EQ(inspection.pairing.size(), 1U);
  EXPECT_EQ(inspection.pairing[0].features, "image/net");
  EXPECT_EQ(inspection.pairing[0].against, "captions");
  EXPECT_EQ(inspection.pairing[0].held_out, 150U);
  EXPECT_GT(inspection.pairing[0].z, 15.0);
}

TEST_F(Pairing, OfShuffledFeaturesIsRandomAndAnError) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    Order order = stored(300);
    Rng(seed, "shuffle").shuffle(std::span(order));
    const Inspection inspection = inspect_images({}, order);
    EXPECT_LT(std::abs(inspection.pairing.at(0).z), 3.0);
    found += static_cast<int>(errors(inspection) == std::vector<std::string>{kShuffled});
  }
  EXPECT_EQ(found, 3);
}

TEST_F(Pairing, OfWhichOneItemInTwentyIsSwappedIsPlausible) {
  Order order = stored(300);
  Order swapped(order.begin(), order.begin() + 15);
  Rng(0, "shuffle").shuffle(std::span(swapped));
  std::ranges::copy(swapped, order.begin());
  EXPECT_TRUE(errors(inspect_images({}, order)).empty());
}

TEST_F(Pairing, OfReversedFeaturesIsRecognised) {
  Order order = stored(300);
  std::ranges::reverse(order);
  expect_order(inspect_images({}, order), "reversed", "the rows of image/net reversed");
}

TEST_F(Pairing, OfFeaturesThatStandOneRowOffIsRecognised) {
  Order order = stored(300);
  std::ranges::rotate(order, order.begin() + 1);
  expect_order(inspect_images({}, order), "shifted", "image/net one row early");
  std::ranges::rotate(order, order.end() - 2);
  expect_order(inspect_images({}, order), "shifted", "image/net one row late");
}

TEST_F(Pairing, OfFeaturesSortedByIdIsRecognised) {
  Order order = stored(300);
  std::ranges::sort(order, {}, [](std::size_t item) { return id(static_cast<int>(item), 0); });
  expect_order(inspect_images({}, order), "sorted", "image/net sorted by id");
}

TEST_F(Pairing, OfTextFeaturesThatAreTiledIsRecognised) {
  const World world{.captions = 3};
  Order order;
  for (std::size_t number = 0; number < 3; ++number) {
    for (std::size_t group = 0; group < 300; ++group) order.push_back(3 * group + number);
  }
  expect_order(inspect_text_features(world, order), "tiled", "text/net tiled");
  EXPECT_TRUE(errors(inspect_text_features(world, stored(900))).empty());
}

TEST_F(Pairing, OfTextFeaturesThatAreInterleavedIsRecognised) {
  const World world{.captions = 3, .tiled = true};
  Order order;
  for (std::size_t group = 0; group < 300; ++group) {
    for (std::size_t number = 0; number < 3; ++number) order.push_back(number * 300 + group);
  }
  expect_order(inspect_text_features(world, order), "interleaved", "text/net group by group");
  EXPECT_TRUE(errors(inspect_text_features(world, stored(900))).empty());
}

TEST_F(Pairing, OfCaptionsThatAreTiledAgainstTheirImagesIsRecognised) {
  DatasetWriter writer(path_, {"world", "", ""}, WriterOptions{});
  const World world;
  for (int group = 0; group < world.groups; ++group) {
    writer.add_bare(Modality::kImage, {id(group, 0), group, Split::kTrain});
  }
  // Caption i is of group i % 300 and is stored as of group i / 2.
  for (int i = 0; i < 600; ++i) {
    writer.add_text({id(i / 2, i % 2), i / 2, Split::kTrain}, caption(i % 300, i / 300));
  }
  write_rows(writer, world, Modality::kImage, groups_of_images(world), stored(300));
  writer.commit();
  expect_order(inspect_file(), "tiled", "with the rows of captions tiled");
}

TEST_F(Pairing, IsLookedAtOnlyWhereEnoughGroupsCanTell) {
  EXPECT_EQ(inspect_images({.groups = 200}, stored(200)).pairing.size(), 1U);
  const Inspection few = inspect_images({.groups = 199}, stored(199));
  EXPECT_TRUE(few.pairing.empty());
  EXPECT_EQ(few.unchecked, (std::vector<UncheckedPairing>{{"image", "captions", 199, 200}}));
}

TEST_F(Pairing, IsFittedOnTrainOnly) {
  EXPECT_TRUE(inspect_images({.split = Split::kTest}, stored(300)).pairing.empty());
  EXPECT_TRUE(inspect_images({.split = Split::kDev}, stored(300)).pairing.empty());
}

TEST_F(Pairing, OfFeaturesThatDoNotVaryCannotBeTold) {
  DatasetWriter writer(path_, {"world", "", ""}, WriterOptions{});
  write_items(writer, {}, Modality::kImage);
  Silent silent;
  const auto rows = [](std::size_t, std::span<float> out) { std::ranges::fill(out, 0.1F); };
  writer.write_features({Modality::kImage, "net", 3, {}, rows}, silent);
  writer.commit();
  const Inspection inspection = inspect_file();
  EXPECT_TRUE(inspection.pairing.empty());
  EXPECT_TRUE(errors(inspection).empty());
}

TEST_F(Pairing, OfCaptionsWithoutSpacesIsToldFromTheirCharacters) {
  // A word of two characters for each topic, in one row.
  constexpr std::array kWords{"小狗", "河流", "火车", "孩子", "雪山", "红花",
                              "飞机", "木桥", "厨师", "自行", "海滩", "夜晚"};
  DatasetWriter writer(path_, {"world", "", ""}, WriterOptions{});
  const World world;
  for (int group = 0; group < world.groups; ++group) {
    writer.add_bare(Modality::kImage, {id(group, 0), group, Split::kTrain});
    std::string text;
    for (const std::size_t topic : topics_of(group)) text += kWords[topic];
    writer.add_text({id(group, 0), group, Split::kTrain}, text + "。");
  }
  write_rows(writer, world, Modality::kImage, groups_of_images(world), stored(300));
  writer.commit();
  EXPECT_GT(inspect_file().pairing.at(0).z, 15.0);
}

TEST_F(Pairing, OfFeaturesBeyondAllMeasureCannotBeTold) {
  DatasetWriter writer(path_, {"world", "", ""}, WriterOptions{});
  write_items(writer, {}, Modality::kImage);
  Silent silent;
  const auto rows = [](std::size_t first, std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = (first * 2 + i) % 3 == 0 ? 3e38F : -3e38F;
    }
  };
  writer.write_features({Modality::kText, "net", 2, {}, rows}, silent);
  writer.commit();
  EXPECT_TRUE(inspect_file().pairing.empty());
}

TEST_F(Pairing, OfWideFeaturesIsToldFromTheirReduction) {
  DatasetWriter writer(path_, {"world", "", ""}, WriterOptions{});
  const World world;
  write_items(writer, world, Modality::kImage);
  Silent silent;
  constexpr std::size_t kWidth = 3000;
  const auto rows = [&](std::size_t first, std::span<float> out) {
    std::ranges::fill(out, 0.0F);
    for (std::size_t i = 0; i < out.size() / kWidth; ++i) {
      const std::vector<float> row = features(static_cast<int>(first + i), first + i, world);
      for (std::size_t j = 0; j < kTopics; ++j) out[i * kWidth + 200 * j] = row[j];
      // A column that outweighs all others is one of many all the same.
      out[i * kWidth + 7] = static_cast<float>((first + i) * 7919 % 1009) * 1e6F;
    }
  };
  writer.write_features({Modality::kImage, "wide", kWidth, {}, rows}, silent);
  writer.commit();
  const Inspection inspection = inspect_file();
  EXPECT_TRUE(errors(inspection).empty()) << to_text(inspection);
  EXPECT_GT(inspection.pairing.at(0).z, 15.0);
}

TEST_F(Pairing, OfFeaturesWithoutTextsIsToldFromEachOther) {
  for (const bool shuffled : {false, true}) {
    DatasetWriter writer(path_, {"world", "", ""}, WriterOptions{});
    const World world;
    for (const Modality modality : {Modality::kImage, Modality::kAudio}) {
      for (int group = 0; group < world.groups; ++group) {
        writer.add_bare(modality, {id(group, 0), group, Split::kTrain});
      }
    }
    Order order = stored(300);
    write_rows(writer, world, Modality::kImage, groups_of_images(world), order);
    if (shuffled) Rng(0, "shuffle").shuffle(std::span(order));
    write_rows(writer, {.noise = 0.2}, Modality::kAudio, groups_of_images(world), order);
    writer.commit();
    const Inspection inspection = inspect_file();
    ASSERT_EQ(inspection.pairing.size(), 1U);
    EXPECT_EQ(inspection.pairing[0].features, "image/net");
    EXPECT_EQ(inspection.pairing[0].against, "audio/net");
    EXPECT_EQ(errors(inspection),
              shuffled ? std::vector<std::string>{kShuffled} : std::vector<std::string>{});
  }
}

TEST_F(Pairing, IsTheSameEachTime) {
  const Inspection once = inspect_images({}, stored(300));
  EXPECT_EQ(inspect_file(), once);
}

/// Captions of each image, from the lines `image.jpg#number<TAB>caption`.
std::map<std::string, std::vector<std::string>> captions_in(const fs::path& file) {
  std::map<std::string, std::vector<std::string>> captions;
  LineReader lines(file);
  while (lines.next()) {
    const std::string_view line = lines.text();
    captions[std::string(line.substr(0, line.find('#')))].emplace_back(
        line.substr(line.find('\t') + 1));
  }
  return captions;
}

TEST_F(Pairing, OfRealPhotographsAndCaptionsIsPlausibleUntilTheFeaturesAreShuffled) {
  ALIGNLAB_NEEDS_REAL_DATA("flickr8k/mobilenet_v2_1280.npy");
  const fs::path data = tests::real_data() / "flickr8k";
  constexpr int kImages = 600;
  const auto captions = captions_in(data / "captions.token.txt");
  const auto matrix = open_matrix(data / "mobilenet_v2_1280.npy");
  Matrix rows(kImages, matrix->cols());
  matrix->read_rows(0, rows.values());
  DatasetWriter writer(path_, {"photographs", "", ""}, WriterOptions{});
  LineReader names(data / "mobilenet_v2_1280.names.txt");
  for (int i = 0; i < kImages && names.next(); ++i) {
    const std::string name(names.text());
    writer.add_bare(Modality::kImage, {name, i, Split::kTrain});
    for (const std::string& text : captions.at(name)) {
      const std::string id = std::to_string(writer.count(Modality::kText));
      writer.add_text({id, i, Split::kTrain}, text);
    }
  }
  Order shuffled = stored(kImages);
  Rng(0, "shuffle").shuffle(std::span(shuffled));
  // One row in twenty has the features of another image.
  Order swapped = stored(kImages);
  for (std::size_t i = 0; i + 20 < kImages; i += 40) std::swap(swapped[i], swapped[i + 20]);
  Silent silent;
  for (const auto& [name, order] :
       {std::pair("net", stored(kImages)), std::pair("shuffled", shuffled),
        std::pair("swapped", swapped)}) {
    const auto read = [&](std::size_t first, std::span<float> out) {
      for (std::size_t i = 0; i < out.size() / rows.cols(); ++i) {
        std::ranges::copy(rows.row(order[first + i]), out.subspan(i * rows.cols()).begin());
      }
    };
    writer.write_features({Modality::kImage, name, rows.cols(), {}, read}, silent);
  }
  writer.commit();
  const Inspection inspection = inspect_file();
  ASSERT_EQ(inspection.pairing.size(), 3U);
  EXPECT_EQ(errors(inspection), std::vector<std::string>{kShuffled}) << to_text(inspection);
  EXPECT_TRUE(tests::contains(inspection.findings[0].examples.at(0), "image/shuffled"));
  EXPECT_GT(inspection.pairing[0].z, 20.0);
  EXPECT_LT(std::abs(inspection.pairing[1].z), 3.0);
  EXPECT_GT(inspection.pairing[2].z, 20.0);
}

}  // namespace
}  // namespace alignlab
