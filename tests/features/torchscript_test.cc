// The feature kind `torchscript`, on networks that the tests write down themselves, and on a real
// one where it is there.

#include <gtest/gtest.h>
#include <torch/csrc/jit/serialization/pickle.h>
#include <torch/script.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>

#include "core/rng.h"
#include "data/matrix_file.h"
#include "tests/core/real_data.h"
#include "tests/data/fixtures.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;

using tests::after;
using tests::contains;
using tests::dense_row;
using tests::expect_near;
using tests::extracted;
using tests::Items;
using tests::message_of;
using tests::plain_image;
using tests::png_of;
using tests::refused_copies;
using tests::ScratchFolder;
using tests::spec_of;

/// TorchScript of a module whose methods are `source`, and what `add` gives it besides.
void write_network(
    const fs::path& path, const std::string& source,
    const std::function<void(torch::jit::Module&)>& add = [](torch::jit::Module&) {}) {
  torch::jit::Module module("network");
  add(module);
  module.define(source);
  module.save(path.string());
}

class TorchScript : public ::testing::Test {
 protected:
  FeatureSpec spec(const std::string& options) const {
    return spec_of("torchscript", Modality::kImage,
                   "file = \"" + file_.string() + "\"\nsize = 16\n" + options);
  }
  /// Of one image, by a network of this source.
  std::vector<float> row(const std::string& source, const std::string& options,
                         const cv::Mat& image = plain_image(16, 51, 102, 255)) const {
    write_network(file_, source);
    return dense_row(extracted(spec(options), {}, Items({png_of(image)})), 0);
  }
  std::string refusal(const std::string& source, const std::string& options = "") const {
    write_network(file_, source);
    return refusal_of_file(options);
  }
  /// What comes after the file's name.
  std::string refusal_of_file(const std::string& options = "") const {
    const std::string text = message_of<DataError>(
        [&] { extracted(spec(options), {}, Items({png_of(plain_image(16, 1, 2, 3))})); });
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    return after(file_.string() + ": ", text);
  }

  const ScratchFolder folder_;
  const fs::path file_ = folder_ / "network.pt";
};

constexpr const char* kMeans = R"(
    def forward(self, x):
        return x.mean([2, 3])
)";

TEST_F(TorchScript, NormalisesEachColourAsThePresetSays) {
  // Red 255, green 102, blue 51: 1, 0.4 and 0.2.
  const auto means = [&](const char* preset) {
    return row(kMeans, std::string("normalisation = \"") + preset + "\"");
  };
  expect_near(means("none"), {255, 102, 51});
  expect_near(means("unit"), {1, 0.4, 0.2});
  expect_near(means("symmetric"), {1, -0.2, -0.6});
  expect_near(means("imagenet"), {2.248908, -0.25, -0.915556});
  expect_near(means("clip"), {1.930336, -0.221305, -0.754996});
}

TEST_F(TorchScript, GivesColoursInTheOrderAskedFor) {
  expect_near(row(kMeans, "normalisation = \"symmetric\"\nchannels = \"bgr\""), {-0.6, -0.2, 1});
  expect_near(row(kMeans, "normalisation = \"imagenet\"\nchannels = \"bgr\""),
              {-0.915556, -0.25, 2.248908});
}

TEST_F(TorchScript, KeepsRowsAndColumnsOfAnImageApart) {
  cv::Mat image = plain_image(16, 0, 0, 0);
  image.at<cv::Vec3b>(2, 5) = {51, 102, 255};
  const auto found = row(R"(
    def forward(self, x):
        return x[:, :, 2, 5]
)",
                         "normalisation = \"unit\"", image);
  expect_near(found, {1, 0.4, 0.2});
}

TEST_F(TorchScript, AveragesMapsOrKeepsThem) {
  cv::Mat image = plain_image(16, 0, 0, 0);
  image(cv::Rect(8, 0, 8, 16)).setTo(cv::Scalar(0, 0, 255));
  constexpr const char* kMaps = R"(
    def forward(self, x):
        return torch.avg_pool2d(x[:, 0:1], [8, 8])
)";
  expect_near(row(kMaps, "normalisation = \"unit\"", image), {0.5});
  expect_near(row(kMaps, "normalisation = \"unit\"\npooling = \"none\"", image), {0, 1, 0, 1});
}

TEST_F(TorchScript, TakesTheFirstTensorOrTheOneAskedFor) {
  constexpr const char* kTuple = R"(
    def forward(self, x):
        return 5, x.mean([2, 3]), x.amax([2, 3])[:, 0:1]
)";
  const std::string unit = "normalisation = \"unit\"\n";
  expect_near(row(kTuple, unit), {1, 0.4, 0.2});
  expect_near(row(kTuple, unit + "output = \"2\""), {1});
  constexpr const char* kDict = R"(
    def forward(self, x):
        return {"means": x.mean([2, 3]), "red": x.mean([2, 3])[:, 0:1]}
)";
  expect_near(row(kDict, unit), {1, 0.4, 0.2});
  expect_near(row(kDict, unit + "output = \"red\""), {1});
  constexpr const char* kList = R"(
    def forward(self, x):
        return [x.mean([2, 3]), x.mean([2, 3])[:, 1:2]]
)";
  expect_near(row(kList, unit + "output = \"1\""), {0.4});
}

TEST_F(TorchScript, CallsTheMethodAskedFor) {
  constexpr const char* kTwo = R"(
    def forward(self, x):
        return x.mean([2, 3])
    def encode_image(self, x):
        return x.mean([2, 3])[:, 1:3]
)";
  expect_near(row(kTwo, "normalisation = \"unit\"\nmethod = \"encode_image\""), {0.4, 0.2});
  EXPECT_EQ(refusal(kTwo, "method = \"encode\""),
            "expected a method 'encode', found forward, encode_image");
}

TEST_F(TorchScript, TakesOutputsOfOtherNumberTypes) {
  constexpr const char* kWhole = R"(
    def forward(self, x):
        return x.mean([2, 3]).to(4)  # int64
)";
  EXPECT_EQ(row(kWhole, "normalisation = \"none\""), (std::vector<float>{255, 102, 51}));
}

/// A layer with weights, dropout that inference must leave out, and a sum over all pixels.
void write_small_network(const fs::path& path) {
  write_network(path, R"(
    def forward(self, x):
        maps = torch.relu(torch.conv2d(x, self.weight, None, [2, 2]))
        return torch.dropout(maps.mean([2, 3]), 0.5, self.training)
)",
                [](torch::jit::Module& module) {
                  Rng rng(4, "weights");
                  torch::Tensor weight = torch::empty({7, 3, 3, 3});
                  for (std::int64_t i = 0; i < weight.numel(); ++i) {
                    weight.data_ptr<float>()[i] = static_cast<float>(rng.normal());
                  }
                  module.register_parameter("weight", weight, false);
                  module.register_attribute("training", c10::BoolType::get(), true);
                });
}

Items random_images(std::size_t count) {
  Rng rng(9, "images");
  std::vector<std::string> contents;
  for (std::size_t i = 0; i < count; ++i) {
    cv::Mat image = plain_image(20, rng.between(0, 255), rng.between(0, 255), rng.between(0, 255));
    image(cv::Rect(rng.between(0, 9), rng.between(0, 9), 10, 10)).setTo(rng.between(0, 255));
    contents.push_back(png_of(image));
  }
  return Items(contents);
}

TEST_F(TorchScript, GivesTheSameBitsOnAnyNumberOfThreads) {
  write_small_network(file_);
  const Items items = random_images(23);
  Silent silent;
  const auto extractor = make_feature_kind(spec("batch = 2"))->fit(Items(), 1, silent);
  const Features expected = extractor->extract(items, 1, silent);
  for (const int threads : {1, 2, 3, 16}) {
    EXPECT_EQ(extractor->extract(items, threads, silent), expected) << threads;
  }
}

TEST_F(TorchScript, GivesTheSameRowsInBatchesOfAnySize) {
  write_small_network(file_);
  const Items items = random_images(11);
  const Features expected = extracted(spec("batch = 1"), {}, items);
  ASSERT_EQ(expected.rows(), 11U);
  ASSERT_EQ(expected.cols(), 7U);
  for (const int batch : {2, 3, 11, 100}) {
    const Features rows = extracted(spec("batch = " + std::to_string(batch)), {}, items);
    for (std::size_t i = 0; i < 11; ++i) {
      for (std::size_t j = 0; j < 7; ++j) {
        EXPECT_NEAR(dense_row(rows, i)[j], dense_row(expected, i)[j], 1e-5);
      }
    }
  }
}

TEST_F(TorchScript, KnowsHowWideRowsAreWithoutImages) {
  write_small_network(file_);
  const Features rows = extracted(spec(""), {}, Items());
  EXPECT_EQ(rows.rows(), 0U);
  EXPECT_EQ(rows.cols(), 7U);
}

TEST_F(TorchScript, JoinsWithOtherKinds) {
  write_network(file_, kMeans);
  const FeatureSpec joined =
      spec_of("gray+torchscript", Modality::kImage,
              "size = 16\nnormalisation = \"unit\"\nfile = \"" + file_.string() + "\"");
  const auto row =
      dense_row(extracted(joined, {}, Items({png_of(plain_image(16, 51, 51, 51))})), 0);
  ASSERT_EQ(row.size(), 259U);
  for (const float value : row) EXPECT_NEAR(value, 0.2, 1e-6);
}

TEST_F(TorchScript, NamesTheItemWhoseBytesAreNoImage) {
  write_network(file_, kMeans);
  const Items items({png_of(plain_image(16, 0, 0, 0)), "abc"});
  EXPECT_EQ(message_of<DataError>([&] { extracted(spec(""), {}, items); }),
            "image 'item-1': 3 bytes that are no JPEG, PNG, BMP or WebP image");
}

TEST_F(TorchScript, RefusesAMissingFile) { EXPECT_EQ(refusal_of_file(), "no such file"); }

TEST_F(TorchScript, RefusesWhatIsNoTorchScript) {
  for (const std::string& content : {std::string(), std::string("abc"), std::string(5000, 'x')}) {
    std::ofstream(file_, std::ios::binary) << content;
    EXPECT_EQ(refusal_of_file(),
              std::string("expected a TorchScript file (a zip archive that torch.jit.save wrote), "
                          "found ") +
                  (content.empty() ? "an empty one" : "no zip archive"));
  }
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  EXPECT_EQ(refusal_of_file(), "expected a TorchScript file, found a folder");
}

TEST_F(TorchScript, RefusesAFileThatIsCutShort) {
  write_network(file_, kMeans);
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) / 2);
  EXPECT_EQ(
      refusal_of_file(),
      "expected a TorchScript file (torch.jit.save), found a zip archive that is cut short or "
      "damaged");
}

TEST_F(TorchScript, RefusesTensorsSavedWithoutANetwork) {
  const std::vector<char> saved = torch::jit::pickle_save(torch::ones({3, 3}));
  std::ofstream(file_, std::ios::binary)
      .write(saved.data(), static_cast<std::streamsize>(saved.size()));
  EXPECT_EQ(refusal_of_file(),
            "expected a TorchScript file (torch.jit.save), found a zip archive without a network "
            "(torch.save writes weights alone)");
}

TEST_F(TorchScript, SaysInALineWhatTheNetworkThrew) {
  EXPECT_EQ(refusal(R"(
    def forward(self, x):
        return torch.mm(x.flatten(1), torch.ones([5, 2]))
)"),
            "forward: RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x768 and 5x2)");
  EXPECT_TRUE(contains(refusal(R"(
    def forward(self, x):
        assert x.size(2) > 100, "too small"
        return x
)"),
                       "too small"));
}

TEST_F(TorchScript, SaysWhichArgumentsTheMethodShouldTake) {
  EXPECT_EQ(refusal(R"(
    def forward(self, x, y):
        return x
)"),
            "expected a method forward(images), found forward(x, y)");
  write_network(file_, R"(
    def forward(self, x, double: bool = True):
        return x.flatten(1)
)");
  EXPECT_EQ(extracted(spec(""), {}, Items({png_of(plain_image(16, 0, 0, 0))})).rows(), 1U);
}

TEST_F(TorchScript, SaysWhichOutputItExpectedAndFound) {
  EXPECT_EQ(refusal(R"(
    def forward(self, x):
        return x.mean([1, 2, 3])
)"),
            "forward: expected an output of [1, width] or [1, channels, height, width], found [1]");
  EXPECT_EQ(refusal(R"(
    def forward(self, x):
        return x.mean([0, 2, 3]).unsqueeze(0).repeat([2, 1])
)"),
            "forward: expected an output of [1, width] or [1, channels, height, width], found "
            "[2, 3]");
  EXPECT_EQ(refusal(R"(
    def forward(self, x):
        return 5
)"),
            "forward: expected a tensor, found Int");
  EXPECT_EQ(refusal(R"(
    def forward(self, x):
        return {"a": x.mean([2, 3]), "b": x.mean([2, 3])}
)",
                    "output = \"c\""),
            "forward: expected a tensor as output 'c', found a (Tensor), b (Tensor)");
  EXPECT_EQ(refusal(kMeans, "output = \"1\""),
            "forward: expected a tensor as output '1', found Tensor");
}

TEST_F(TorchScript, RefusesRowsThatChangeTheirWidth) {
  write_network(file_, R"(
    def forward(self, x):
        return x.mean([2, 3])[:, 0:1].repeat([1, x.size(0)])
)");
  EXPECT_EQ(message_of<DataError>([&] { extracted(spec("batch = 2"), {}, random_images(3)); }),
            file_.string() + ": expected 2 columns as of the first images, found 1");
}

TEST_F(TorchScript, NamesTheImageWhoseRowIsNotFinite) {
  write_network(file_, R"(
    def forward(self, x):
        return 1.0 / x.mean([2, 3])
)");
  const Items items({png_of(plain_image(16, 1, 1, 1)), png_of(plain_image(16, 0, 1, 1))});
  EXPECT_EQ(message_of<DataError>([&] { extracted(spec("normalisation = \"unit\""), {}, items); }),
            file_.string() + ": of image 'item-1' it gives a number that is not finite");
}

TEST_F(TorchScript, StopsWhenAskedTo) {
  class Cancelled : public Silent {
   public:
    bool cancelled() const override { return true; }
  };
  write_network(file_, kMeans);
  Cancelled progress;
  const auto extractor = make_feature_kind(spec(""))->fit(Items(), 1, progress);
  EXPECT_EQ(message_of<Interrupted>([&] { extractor->extract(random_images(3), 1, progress); }),
            "interrupted");
}

TEST_F(TorchScript, OfADamagedFileIsRefusedOrRuns) {
  write_small_network(file_);
  const std::string whole = read_file(file_);
  const Items items({png_of(plain_image(16, 1, 2, 3))});
  const int refused = refused_copies(whole, file_, 60, [&] { extracted(spec(""), {}, items); });
  EXPECT_GT(refused, 20);
}

/// The network and features of the real data's README: 224 x 224, x / 127.5 - 1.
TEST(RealNetwork, GivesTheFeaturesThatWereComputedWithItElsewhere) {
  ALIGNLAB_NEEDS_REAL_DATA("nets/mobilenet_v2_1280.pt");
  ALIGNLAB_NEEDS_REAL_DATA("flickr8k/images_224");
  const fs::path data = tests::real_data();
  const fs::path network = data / "nets/mobilenet_v2_1280.pt";
  const fs::path images = data / "flickr8k/images_224";
  std::map<std::string, std::size_t> row_of;
  std::ifstream names(data / "flickr8k/mobilenet_v2_1280.names.txt");
  for (std::string name; std::getline(names, name);) row_of.emplace(name, row_of.size());
  const Matrix expected = read_matrix(data / "flickr8k/mobilenet_v2_1280.npy");
  std::vector<std::string> contents;
  std::vector<std::size_t> rows;
  // Every fifth of the 300, for time.
  const std::vector<std::string> all = tests::names_in(images);
  for (std::size_t i = 0; i < all.size(); i += 5) {
    const std::string& name = all[i];
    contents.push_back(read_file(images / name));
    rows.push_back(row_of.at(name));
  }
  ASSERT_EQ(rows.size(), 60U);
  const FeatureSpec spec =
      spec_of("torchscript", Modality::kImage,
              "file = \"" + network.string() + "\"\nnormalisation = \"symmetric\"");
  Silent silent;
  const Features found =
      make_feature_kind(spec)->fit(Items(), 2, silent)->extract(Items(contents), 2, silent);
  ASSERT_EQ(found.cols(), 1280U);
  double worst = 0.0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    double off = 0.0, length = 0.0;
    for (std::size_t j = 0; j < 1280; ++j) {
      const double wanted = expected.row(rows[i])[j];
      off += std::pow(found.dense().row(i)[j] - wanted, 2);
      length += wanted * wanted;
    }
    worst = std::max(worst, std::sqrt(off / length));
  }
  EXPECT_LT(worst, 1e-3);
}

}  // namespace
}  // namespace alignlab
