#include "data/scenes/scenes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/scenes/caption.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using scenes::Background;
using scenes::Colour;
using scenes::Light;
using scenes::Meaning;
using scenes::Mention;
using scenes::Object;
using scenes::Relation;
using scenes::Scene;
using scenes::Shape;
using scenes::Size;
using scenes::Texture;

constexpr int kImages = 50;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "scenes_test.XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  fs::path operator/(const char* name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::map<std::string, std::string> all_files(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[fs::relative(entry.path(), folder).string()] = bytes_of(entry.path());
    }
  }
  return files;
}

void generate(const fs::path& out, int images = kImages, std::uint64_t seed = 0, int size = 64) {
  Silent progress;
  generate_scenes({.out = out, .images = images, .seed = seed, .size = size}, progress);
}

std::string refusal(const SceneOptions& options) {
  Silent progress;
  try {
    generate_scenes(options, progress);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

nlohmann::json annotations(const fs::path& folder, const std::string& split) {
  return nlohmann::json::parse(bytes_of(folder / "annotations" / ("captions_" + split + ".json")));
}

struct Judgement {
  std::int64_t caption;
  std::string zero;
  int image;
  int grade;
};

std::vector<Judgement> judgements(const fs::path& folder) {
  std::istringstream in(bytes_of(folder / "relevance.qrels"));
  std::vector<Judgement> all;
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    Judgement judgement;
    fields >> judgement.caption >> judgement.zero >> judgement.image >> judgement.grade;
    EXPECT_TRUE(fields && fields.eof()) << line;
    all.push_back(judgement);
  }
  return all;
}

std::uint32_t little_endian(const std::string& bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return value;
}

TEST(Scenes, SameSeedGivesSameBytes) {
  const TemporaryFolder folder;
  generate(folder / "a", kImages, 7);
  generate(folder / "b", kImages, 7);
  const auto files = all_files(folder / "a");
  EXPECT_EQ(files.size(), 2U * kImages + 5);
  EXPECT_TRUE(files == all_files(folder / "b"));
}

TEST(Scenes, AnotherSeedGivesOtherScenes) {
  const TemporaryFolder folder;
  generate(folder / "a", kImages, 1);
  generate(folder / "b", kImages, 2);
  const auto a = all_files(folder / "a");
  const auto b = all_files(folder / "b");
  for (const auto& [name, bytes] : a) EXPECT_NE(bytes, b.at(name)) << name;
}

TEST(Scenes, OneSceneDoesNotDependOnHowManyThereAre) {
  const TemporaryFolder folder;
  generate(folder / "few", 10);
  generate(folder / "many", 25);
  const auto many = all_files(folder / "many");
  for (const auto& [name, bytes] : all_files(folder / "few")) {
    if (name.starts_with("images/") || name.starts_with("audio/")) {
      EXPECT_EQ(bytes, many.at(name)) << name;
    }
  }
  const auto few_captions = annotations(folder / "few", "test")["annotations"];
  const auto many_captions = annotations(folder / "many", "test")["annotations"];
  ASSERT_EQ(few_captions.size(), 10U);
  for (std::size_t i = 0; i < few_captions.size(); ++i) {
    EXPECT_EQ(few_captions[i], many_captions[i]);
  }
}

TEST(Scenes, ThreeFifthsAreTrainAndAFifthEachDevAndTest) {
  const TemporaryFolder folder;
  generate(folder / "out");
  std::set<int> ids;
  for (const auto& [split, images] :
       std::map<std::string, std::size_t>{{"train", 30}, {"dev", 10}, {"test", 10}}) {
    const auto json = annotations(folder / "out", split);
    EXPECT_EQ(json["images"].size(), images);
    EXPECT_EQ(json["annotations"].size(), 5 * images);
    for (const auto& image : json["images"]) ids.insert(image["id"].get<int>());
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kImages));
  EXPECT_EQ(*ids.begin(), 1);
  EXPECT_EQ(*ids.rbegin(), kImages);
}

TEST(Scenes, EveryImageHasFiveCaptionsAndTheyDiffer) {
  const TemporaryFolder folder;
  generate(folder / "out");
  std::set<std::int64_t> caption_ids;
  for (const std::string split : {"train", "dev", "test"}) {
    const auto json = annotations(folder / "out", split);
    std::map<int, std::set<std::string>> captions;
    for (const auto& image : json["images"]) captions[image["id"].get<int>()];
    for (const auto& annotation : json["annotations"]) {
      ASSERT_TRUE(captions.contains(annotation["image_id"].get<int>()));
      captions[annotation["image_id"].get<int>()].insert(annotation["caption"].get<std::string>());
      EXPECT_TRUE(caption_ids.insert(annotation["id"].get<std::int64_t>()).second);
    }
    for (const auto& [id, texts] : captions) EXPECT_EQ(texts.size(), 5U) << "image " << id;
  }
}

TEST(Scenes, PicturesDecodeToTheSizeAskedFor) {
  const TemporaryFolder folder;
  for (const int size : {32, 64, 100}) {
    const fs::path out = folder.path() / std::to_string(size);
    generate(out, 10, 0, size);
    for (const auto& image : annotations(out, "train")["images"]) {
      const fs::path file = out / "images" / image["file_name"].get<std::string>();
      const cv::Mat picture = cv::imread(file.string(), cv::IMREAD_UNCHANGED);
      EXPECT_EQ(picture.cols, size);
      EXPECT_EQ(picture.rows, size);
      EXPECT_EQ(picture.type(), CV_8UC3);
      EXPECT_EQ(image["width"], size);
      EXPECT_EQ(image["height"], size);
    }
  }
}

TEST(Scenes, SoundsAreOneSecondOfMonoPcm) {
  const TemporaryFolder folder;
  generate(folder / "out", 10);
  for (const auto& entry : fs::directory_iterator(folder / "out" / "audio")) {
    const std::string wav = bytes_of(entry.path());
    ASSERT_EQ(wav.size(), 44U + 16000U);
    EXPECT_EQ(wav.substr(0, 4), "RIFF");
    EXPECT_EQ(little_endian(wav, 4, 4), 36U + 16000U);
    EXPECT_EQ(wav.substr(8, 8), "WAVEfmt ");
    EXPECT_EQ(little_endian(wav, 16, 4), 16U);
    EXPECT_EQ(little_endian(wav, 20, 2), 1U);     // PCM
    EXPECT_EQ(little_endian(wav, 22, 2), 1U);     // channels
    EXPECT_EQ(little_endian(wav, 24, 4), 8000U);  // samples a second
    EXPECT_EQ(little_endian(wav, 28, 4), 16000U);
    EXPECT_EQ(little_endian(wav, 32, 2), 2U);
    EXPECT_EQ(little_endian(wav, 34, 2), 16U);
    EXPECT_EQ(wav.substr(36, 4), "data");
    EXPECT_EQ(little_endian(wav, 40, 4), 16000U);
    std::set<std::uint32_t> values;
    for (std::size_t i = 44; i < wav.size(); i += 2) values.insert(little_endian(wav, i, 2));
    EXPECT_GT(values.size(), 500U) << "silence";
  }
}

TEST(Scenes, JudgementsStayWithinASplitAndGradeTheOwnImageHighest) {
  const TemporaryFolder folder;
  generate(folder / "out");
  std::map<int, std::string> split_of_image;
  std::map<std::int64_t, int> image_of_caption;
  for (const std::string split : {"train", "dev", "test"}) {
    const auto json = annotations(folder / "out", split);
    for (const auto& image : json["images"]) split_of_image[image["id"].get<int>()] = split;
    for (const auto& annotation : json["annotations"]) {
      image_of_caption[annotation["id"].get<std::int64_t>()] = annotation["image_id"].get<int>();
    }
  }
  std::set<std::int64_t> with_own_image;
  std::set<std::pair<std::int64_t, int>> pairs;
  for (const Judgement& judgement : judgements(folder / "out")) {
    ASSERT_TRUE(image_of_caption.contains(judgement.caption));
    ASSERT_TRUE(split_of_image.contains(judgement.image));
    const int own = image_of_caption[judgement.caption];
    EXPECT_EQ(judgement.zero, "0");
    EXPECT_EQ(split_of_image[judgement.image], split_of_image[own]);
    EXPECT_TRUE(pairs.insert({judgement.caption, judgement.image}).second);
    EXPECT_EQ(judgement.grade == 3, judgement.image == own);
    EXPECT_GE(judgement.grade, 1);
    EXPECT_LE(judgement.grade, 3);
    if (judgement.grade == 3) with_own_image.insert(judgement.caption);
  }
  EXPECT_EQ(with_own_image.size(), image_of_caption.size());
}

TEST(Scenes, ACaptionMeansWhatIsTrueOfItsScene) {
  std::set<std::string_view> labels;
  for (int id = 1; id <= 300; ++id) {
    const scenes::SceneKey key{3, id};
    const Scene scene = scenes::draw_scene(key);
    labels.insert(scenes::name_of(scene.background));
    for (const scenes::Caption& caption : scenes::write_captions(scene, key)) {
      EXPECT_TRUE(scenes::holds(caption.meaning, scene)) << caption.text;
      EXPECT_GE(scenes::fact_count(caption.meaning), 3) << caption.text;
    }
  }
  EXPECT_EQ(labels.size(), 10U);
}

/// On grass: a big red star at the upper left; to its right, level with it, a small blue ring.
Scene star_and_ring() {
  Scene scene{};
  scene.background = Background::kGrass;
  scene.light = Light::kNormal;
  scene.objects = {
      Object{Shape::kStar, Colour::kRed, Size::kLarge, Texture::kPlain, 260, 260, 240, 0},
      Object{Shape::kRing, Colour::kBlue, Size::kSmall, Texture::kPlain, 800, 260, 100, 0}};
  return scene;
}

TEST(SceneMeaning, EveryFactMustHoldForGradeTwoAndThreeQuartersForGradeOne) {
  Meaning meaning;
  Mention star;
  star.shape = Shape::kStar;
  star.colour = Colour::kRed;
  star.size = Size::kLarge;
  meaning.mentions = {star};
  meaning.background = Background::kGrass;
  EXPECT_EQ(scenes::fact_count(meaning), 4);
  EXPECT_EQ(scenes::grade_of(meaning, star_and_ring()), 2);
  meaning.background = Background::kSand;
  EXPECT_EQ(scenes::grade_of(meaning, star_and_ring()), 1);
  meaning.mentions[0].colour = Colour::kGreen;
  EXPECT_EQ(scenes::grade_of(meaning, star_and_ring()), 0);
}

TEST(SceneMeaning, RelationsHaveADirection) {
  Meaning meaning;
  meaning.mentions.resize(2);
  meaning.mentions[0].shape = Shape::kStar;
  meaning.mentions[1].shape = Shape::kRing;
  meaning.relation = Relation::kLeftOf;
  EXPECT_TRUE(scenes::holds(meaning, star_and_ring()));
  for (const Relation relation : {Relation::kRightOf, Relation::kAbove, Relation::kBelow,
                                  Relation::kInFrontOf, Relation::kBehind}) {
    meaning.relation = relation;
    EXPECT_FALSE(scenes::holds(meaning, star_and_ring()));
  }
}

TEST(SceneMeaning, DifferentMentionsNeedDifferentObjects) {
  Meaning meaning;
  meaning.mentions.resize(2);
  meaning.mentions[0].colour = Colour::kRed;
  meaning.mentions[1].shape = Shape::kStar;
  Scene scene = star_and_ring();
  EXPECT_FALSE(scenes::holds(meaning, scene));
  scene.objects[1].colour = Colour::kRed;
  EXPECT_TRUE(scenes::holds(meaning, scene));
}

TEST(SceneMeaning, TwoOfAKindNeedTwoObjects) {
  Meaning meaning;
  Mention stars;
  stars.count = 2;
  stars.shape = Shape::kStar;
  meaning.mentions = {stars};
  Scene scene = star_and_ring();
  EXPECT_FALSE(scenes::holds(meaning, scene));
  scene.objects[1].shape = Shape::kStar;
  EXPECT_TRUE(scenes::holds(meaning, scene));
}

TEST(Scenes, RefusesAFolderThatIsNotEmpty) {
  const TemporaryFolder folder;
  const fs::path out = folder / "out";
  fs::create_directory(out);
  std::ofstream(out / "mine.txt") << "precious";
  EXPECT_EQ(refusal({.out = out}), out.string() + ": already exists and is not empty");
  EXPECT_EQ(all_files(out).size(), 1U);
}

TEST(Scenes, FillsAFolderThatIsEmptyAndMakesMissingParents) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "empty");
  generate(folder / "empty/", 10);
  generate(folder / "not/yet/there", 10);
  EXPECT_TRUE(all_files(folder / "empty") == all_files(folder / "not/yet/there"));
}

TEST(Scenes, RefusesOptionsOutOfRange) {
  const TemporaryFolder folder;
  const fs::path out = folder / "out";
  EXPECT_EQ(refusal({.out = out, .images = 9}),
            "generate scenes: --images must be from 10 to 1000000, not 9");
  EXPECT_EQ(refusal({.out = out, .images = 1'000'001}),
            "generate scenes: --images must be from 10 to 1000000, not 1000001");
  EXPECT_EQ(refusal({.out = out, .size = 31}),
            "generate scenes: size must be from 32 to 1024, not 31");
  EXPECT_EQ(refusal({.out = out, .size = 1025}),
            "generate scenes: size must be from 32 to 1024, not 1025");
  EXPECT_FALSE(fs::exists(out));
}

class CancelledAfter : public Silent {
 public:
  explicit CancelledAfter(std::uint64_t count) : left_(count) {}
  void advance(std::uint64_t count) override { left_ -= std::min(left_, count); }
  bool cancelled() const override { return left_ == 0; }

 private:
  std::uint64_t left_;
};

TEST(Scenes, LeavesNothingBehindWhenInterrupted) {
  const TemporaryFolder folder;
  CancelledAfter progress(6);
  EXPECT_THROW(generate_scenes({.out = folder / "out", .images = 20}, progress), Interrupted);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace alignlab
