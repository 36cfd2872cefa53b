// bag-of-visual-words: how often the local patches of an image resemble each of a vocabulary of
// typical patches (Csurka et al., "Visual Categorization with Bags of Keypoints", 2004). Patches
// are ORB (Rublee et al., "ORB: An Efficient Alternative to SIFT or SURF", ICCV 2011): 256 bits
// each. The vocabulary is k-means over descriptors of training images, each image giving as many,
// drawn by a named stream. Bits are taken for the numbers 0 and 1, whose squared Euclidean distance
// is the Hamming distance; centroids lie in between, so that of a word it is an approximation.
//
// Weighting: shares of the words, their square roots (the Hellinger map), or shares times
// idf(w) = ln((1 + n) / (1 + df(w))) + 1 over the n training images (the form of tfidf of texts).
// An image without a keypoint is a zero row.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>
#include <set>

#include "cluster/kmeans.h"
#include "core/error.h"
#include "features/each_item.h"
#include "features/image/decode.h"
#include "features/makers.h"
#include "search/search.h"

namespace alignlab::features {
namespace {

constexpr int kDescriptorBytes = 32;
constexpr std::size_t kDescriptorBits = 8 * kDescriptorBytes;

struct VisualWordOptions {
  ImageShape shape;
  int keypoints;
  std::size_t words;
  std::size_t sample;
  std::string weighting;
};

/// [keypoints, 32] bytes, a row a keypoint; no rows where nothing stands out.
cv::Mat descriptors_of(const std::string& content, const std::string& id,
                       const VisualWordOptions& options) {
  cv::Mat grey, descriptors;
  cv::cvtColor(decode_image(content, id, options.shape), grey, cv::COLOR_BGR2GRAY);
  std::vector<cv::KeyPoint> keypoints;
  cv::ORB::create(options.keypoints)->detectAndCompute(grey, {}, keypoints, descriptors);
  return descriptors;
}

Matrix bits_of(const cv::Mat& descriptors) {
  Matrix out(static_cast<std::size_t>(descriptors.rows), kDescriptorBits);
  for (int i = 0; i < descriptors.rows; ++i) {
    const auto row = out.row(static_cast<std::size_t>(i));
    for (std::size_t b = 0; b < kDescriptorBits; ++b) {
      row[b] = static_cast<float>(descriptors.ptr<std::uint8_t>(i)[b / 8] >> b % 8 & 1);
    }
  }
  return out;
}

class VisualWords {
 public:
  VisualWords(Matrix centroids, VisualWordOptions options)
      : options_(std::move(options)),
        words_(prepare(centroids, Similarity::kEuclidean, "visual words")) {}

  std::size_t size() const { return words_.vectors.rows(); }
  const Matrix& centroids() const { return words_.vectors; }
  const VisualWordOptions& options() const { return options_; }

  std::vector<std::int64_t> counts(const std::string& content, const std::string& id) const {
    std::vector<std::int64_t> out(size(), 0);
    const cv::Mat descriptors = descriptors_of(content, id, options_);
    if (descriptors.rows == 0) return out;
    for (const std::int32_t word : top_k(bits_of(descriptors), words_, 1, {.threads = 1}).ids) {
      ++out[static_cast<std::size_t>(word)];
    }
    return out;
  }

 private:
  VisualWordOptions options_;
  Gallery words_;
};

class VisualWordCounter : public Extractor {
 public:
  VisualWordCounter(VisualWords words, std::vector<float> weights)
      : words_(std::move(words)), weights_(std::move(weights)) {}

  Features extract(const RawItems& items, int threads, Progress& progress) const override {
    Matrix rows(items.size(), words_.size());
    for_each_item(items, threads, progress, [&](std::size_t i, const std::string& content) {
      fill(words_.counts(content, items.id(i)), rows.row(i));
    });
    return rows;
  }

  void save(H5File& file, const std::string& group) const override {
    file.write_matrix(group + "/words", words_.centroids());
    file.write<float>(group + "/weights", weights_);
  }

 private:
  void fill(const std::vector<std::int64_t>& counts, std::span<float> out) const {
    const auto all =
        static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
    if (all == 0.0) return;
    for (std::size_t w = 0; w < counts.size(); ++w) {
      const double share = static_cast<double>(counts[w]) / all;
      out[w] = static_cast<float>(words_.options().weighting == "hellinger" ? std::sqrt(share)
                                                                            : share * weights_[w]);
    }
  }

  VisualWords words_;
  std::vector<float> weights_;
};

/// Notes the steps of the clustering: they are not items.
class ClusteringSteps : public Silent {
 public:
  explicit ClusteringSteps(Progress& items) : items_(items) {}
  void advance(std::uint64_t count) override {
    items_.note(fmt::format("visual words: step {} of k-means", done_ += count));
  }
  void warn(std::string_view message) override { items_.warn(message); }
  bool cancelled() const override { return items_.cancelled(); }

 private:
  Progress& items_;
  std::uint64_t done_ = 0;
};

class BagOfVisualWords : public FeatureKind {
 public:
  explicit BagOfVisualWords(VisualWordOptions options) : options_(std::move(options)) {}

  std::unique_ptr<Extractor> fit(const RawItems& train, int threads,
                                 Progress& progress) const override {
    const Matrix points = sample(train, threads, progress);
    const KMeansOptions k_means_options{.clusters = vocabulary_size(points, train, progress),
                                        .threads = threads};
    ClusteringSteps steps(progress);
    VisualWords words(
        k_means(points, k_means_options, Rng(0, "vocabulary of visual words"), steps).centroids,
        options_);
    std::vector<float> weights = weights_of(words, train, threads, progress);
    return std::make_unique<VisualWordCounter>(std::move(words), std::move(weights));
  }

  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<VisualWordCounter>(
        VisualWords(file.read_matrix(group + "/words"), options_),
        file.read<float>(group + "/weights"));
  }

 private:
  /// Up to an equal share of descriptors from every training image.
  Matrix sample(const RawItems& train, int threads, Progress& progress) const {
    const std::size_t images = std::max<std::size_t>(train.size(), 1);
    const std::size_t share = (options_.sample + images - 1) / images;
    std::vector<cv::Mat> drawn(train.size());
    for_each_item(train, threads, progress, [&](std::size_t i, const std::string& content) {
      const cv::Mat all = descriptors_of(content, train.id(i), options_);
      std::vector<int> rows(static_cast<std::size_t>(all.rows));
      std::iota(rows.begin(), rows.end(), 0);
      Rng(0, fmt::format("visual words of training image {}", i)).shuffle(std::span(rows));
      rows.resize(std::min(rows.size(), share));
      for (const int row : rows) drawn[i].push_back(all.row(row));
    });
    cv::Mat together;
    for (const cv::Mat& some : drawn) {
      if (!some.empty()) together.push_back(some);
    }
    return bits_of(together);
  }

  std::size_t vocabulary_size(const Matrix& points, const RawItems& train,
                              Progress& progress) const {
    std::set<std::vector<float>> distinct;
    for (std::size_t i = 0; i < points.rows() && distinct.size() < options_.words; ++i) {
      distinct.emplace(points.row(i).begin(), points.row(i).end());
    }
    if (distinct.empty()) {
      throw DataError(fmt::format("bag-of-visual-words: none of {} training images has a keypoint",
                                  train.size()));
    }
    if (distinct.size() < options_.words) {
      progress.warn(
          fmt::format("bag-of-visual-words: {} words asked, {} different descriptors "
                      "found in {} training images: as many words are made",
                      options_.words, distinct.size(), train.size()));
    }
    return distinct.size();
  }

  std::vector<float> weights_of(const VisualWords& words, const RawItems& train, int threads,
                                Progress& progress) const {
    std::vector<float> weights(words.size(), 1.0F);
    if (options_.weighting != "tfidf") return weights;
    std::vector<std::atomic<std::int64_t>> images_with(words.size());
    for_each_item(train, threads, progress, [&](std::size_t i, const std::string& content) {
      const auto counts = words.counts(content, train.id(i));
      for (std::size_t w = 0; w < counts.size(); ++w) {
        if (counts[w] > 0) ++images_with[w];
      }
    });
    for (std::size_t w = 0; w < weights.size(); ++w) {
      weights[w] = static_cast<float>(std::log((1.0 + static_cast<double>(train.size())) /
                                               (1.0 + static_cast<double>(images_with[w]))) +
                                      1.0);
    }
    return weights;
  }

  VisualWordOptions options_;
};

}  // namespace

FeatureKindPtr make_bag_of_visual_words(const Section& options) {
  return std::make_unique<BagOfVisualWords>(VisualWordOptions{
      image_shape(options), static_cast<int>(options.integer("keypoints")),
      static_cast<std::size_t>(options.integer("words")),
      static_cast<std::size_t>(options.integer("sample")), options.text("weighting")});
}

}  // namespace alignlab::features
