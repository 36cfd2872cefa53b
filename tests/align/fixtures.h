#pragma once

// What tests of aligners share: pairs whose likeness can be learned, how often the nearest item of
// the other modality is alike, and a progress that keeps account.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "align/aligner.h"
#include "core/rng.h"
#include "tests/core/testing.h"

namespace alignlab::tests {

/// Makes an aligner as a run would: `options` are those of its section, as TOML.
inline std::unique_ptr<Aligner> aligner_of(const std::string& name, const std::string& options) {
  const auto row = std::ranges::find(aligner_catalog(), name, &AlignerRow::name);
  const Node node = parse_toml(options, "options of " + name);
  return make_aligner(name, resolve(&node, row->options, "aligner"), {"cpu", 1});
}

struct Forms {
  FeatureForm first;
  FeatureForm second;
};

/// Images and texts that show the same latent points: each of `groups` lies near one of kKinds
/// centres; one image and three texts a group see it through two random linear maps, with noise.
/// Sparse features keep only what stands out of such a view, as a bag of words would.
class LatentPairs {
 public:
  static constexpr std::size_t kKinds = 16;
  static constexpr std::size_t kLatentWidth = 8;
  static constexpr std::size_t kTextsOfAnImage = 3;

  LatentPairs(std::size_t groups, Forms forms, std::string_view purpose) {
    Rng world(2024, "centres and maps");
    const Matrix centres = normals(kKinds, kLatentWidth, world);
    const Matrix to_image = normals(kLatentWidth, width_of(forms.first), world);
    const Matrix to_text = normals(kLatentWidth, width_of(forms.second), world);
    Rng random(2024, purpose);
    Matrix images(groups, to_image.cols());
    Matrix texts(groups * kTextsOfAnImage, to_text.cols());
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t kind = g % kKinds;
      std::vector<double> latent(kLatentWidth);
      for (std::size_t e = 0; e < latent.size(); ++e) {
        latent[e] = centres.row(kind)[e] + 0.2 * random.normal();
      }
      const auto group = static_cast<std::int32_t>(g);
      observe(latent, to_image, forms.first, random, images.row(g));
      items.first.groups.push_back(group);
      for (std::size_t t = 0; t < kTextsOfAnImage; ++t) {
        observe(latent, to_text, forms.second, random, texts.row(g * kTextsOfAnImage + t));
        items.second.groups.push_back(group);
      }
    }
    items.first.modality = Modality::kImage;
    items.first.features = in_form(images, forms.first);
    items.second.modality = Modality::kText;
    items.second.features = in_form(texts, forms.second);
  }

  /// The same items with the texts' groups dealt out anew: nothing is left to learn.
  void shuffle_groups(std::uint64_t seed) {
    Rng(seed, "shuffled groups").shuffle(std::span(items.second.groups));
  }

  SplitItems items;

 private:
  static std::size_t width_of(FeatureForm form) { return form == FeatureForm::kDense ? 20 : 60; }

  static Matrix normals(std::size_t rows, std::size_t cols, Rng& random) {
    Matrix out(rows, cols);
    for (float& value : out.values()) value = static_cast<float>(random.normal());
    return out;
  }

  static void observe(const std::vector<double>& latent, const Matrix& map, FeatureForm form,
                      Rng& random, std::span<float> out) {
    // A view then has entries of about 1/sqrt(width), as rows of unit length have.
    const double scale = 1.0 / std::sqrt(static_cast<double>(kLatentWidth * map.cols()));
    for (std::size_t j = 0; j < map.cols(); ++j) {
      double value = 0.3 * random.normal();
      for (std::size_t e = 0; e < latent.size(); ++e) value += latent[e] * map.row(e)[j];
      if (form == FeatureForm::kSparse) value = std::max(0.0, value - 1.0);
      out[j] = static_cast<float>(scale * value);
    }
  }
};

/// The share of queries whose best candidate by cosine is of their kind: a mean over both
/// directions. Chance is 1 / LatentPairs::kKinds.
inline double likeness(const Encoder& encoder, const SplitItems& items) {
  const Matrix first = encoder.embed(items.first.modality, items.first.features);
  const Matrix second = encoder.embed(items.second.modality, items.second.features);
  const auto cosine = [](std::span<const float> a, std::span<const float> b) {
    double ab = 0.0, aa = 0.0, bb = 0.0;
    for (std::size_t e = 0; e < a.size(); ++e) {
      ab += static_cast<double>(a[e]) * b[e];
      aa += static_cast<double>(a[e]) * a[e];
      bb += static_cast<double>(b[e]) * b[e];
    }
    return aa == 0.0 || bb == 0.0 ? 0.0 : ab / std::sqrt(aa * bb);
  };
  const auto share = [&](const Matrix& queries, const std::vector<std::int32_t>& query_groups,
                         const Matrix& candidates, const std::vector<std::int32_t>& groups) {
    double alike = 0.0;
    for (std::size_t i = 0; i < queries.rows(); ++i) {
      std::size_t best = 0;
      for (std::size_t j = 1; j < candidates.rows(); ++j) {
        if (cosine(queries.row(i), candidates.row(j)) >
            cosine(queries.row(i), candidates.row(best))) {
          best = j;
        }
      }
      constexpr auto kKinds = static_cast<std::int32_t>(LatentPairs::kKinds);
      alike += query_groups[i] % kKinds == groups[best] % kKinds;
    }
    return alike / static_cast<double>(queries.rows());
  };
  return 0.5 * (share(first, items.first.groups, second, items.second.groups) +
                share(second, items.second.groups, first, items.first.groups));
}

inline DevSplit no_dev() {
  SplitItems items;
  items.first.modality = Modality::kImage;
  items.second.modality = Modality::kText;
  return DevSplit(items);
}

/// Keeps account of what is reported, and is cancelled at the question it is told.
class Account : public Progress {
 public:
  explicit Account(int cancel_at = 0) : cancel_at_(cancel_at) {}

  void begin(std::string_view label, std::uint64_t total, std::string_view) override {
    EXPECT_FALSE(open_) << label << " begins before the end of what is under way";
    EXPECT_FALSE(label.empty());
    open_ = true;
    total_ = total;
    done_ = 0;
    ++begun;
  }
  void advance(std::uint64_t count) override {
    EXPECT_TRUE(open_);
    done_ += count;
    advanced += count;
    if (total_ > 0) {
      EXPECT_LE(done_, total_);
    }
    if (is_cancelled()) ++advances_after_cancel;
  }
  void note(std::string_view text) override { notes.emplace_back(text); }
  void end() override {
    EXPECT_TRUE(open_);
    open_ = false;
    ++ended;
  }
  void warn(std::string_view) override {}
  bool cancelled() const override {
    ++questions;
    return is_cancelled();
  }

  int begun = 0;
  int ended = 0;
  std::uint64_t advanced = 0;
  int advances_after_cancel = 0;
  std::vector<std::string> notes;
  mutable int questions = 0;

 private:
  bool is_cancelled() const { return cancel_at_ > 0 && questions >= cancel_at_; }

  int cancel_at_;
  bool open_ = false;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace alignlab::tests
