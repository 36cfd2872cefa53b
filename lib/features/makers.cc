#include "features/makers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.h"
#include "features/audio/decode.h"
#include "features/each_item.h"
#include "features/image/decode.h"
#include "features/text/segmentation.h"

namespace alignlab {
namespace features {
namespace {

class UnfittedKind : public FeatureKind {
 public:
  UnfittedKind(std::size_t width, DescribeItem describe)
      : width_(width), describe_(std::move(describe)) {}

  bool learns() const override { return false; }
  std::unique_ptr<Extractor> fit(const RawItems&, int, Progress&) const override {
    return std::make_unique<Each>(width_, describe_);
  }
  std::unique_ptr<Extractor> load(const H5File&, const std::string&) const override {
    return std::make_unique<Each>(width_, describe_);
  }

 private:
  class Each : public Extractor {
   public:
    Each(std::size_t width, DescribeItem describe)
        : width_(width), describe_(std::move(describe)) {}
    Features extract(const RawItems& items, int threads, Progress& progress) const override {
      Matrix rows(items.size(), width_);
      for_each_item(items, threads, progress, [&](std::size_t i, const std::string& content) {
        describe_(content, items.id(i), rows.row(i));
      });
      return rows;
    }
    void save(H5File&, const std::string&) const override {}

   private:
    std::size_t width_;
    DescribeItem describe_;
  };

  std::size_t width_;
  DescribeItem describe_;
};

class StoredKind : public FeatureKind {
 public:
  StoredKind(std::string name, double power) : name_(std::move(name)), power_(power) {}
  bool learns() const override { return false; }
  std::unique_ptr<Extractor> fit(const RawItems&, int, Progress&) const override {
    return std::make_unique<Reader>(name_, power_);
  }
  std::unique_ptr<Extractor> load(const H5File&, const std::string&) const override {
    return std::make_unique<Reader>(name_, power_);
  }

 private:
  class Reader : public Extractor {
   public:
    Reader(std::string name, double power) : name_(std::move(name)), power_(power) {}
    Features extract(const RawItems& items, int, Progress& progress) const override {
      Matrix rows = items.stored_features(name_);
      if (power_ != 1.0) {
        for (float& value : rows.values()) {
          value = std::copysign(static_cast<float>(std::pow(std::abs(value), power_)), value);
        }
      }
      progress.advance(items.size());
      return rows;
    }
    void save(H5File&, const std::string&) const override {}

   private:
    std::string name_;
    double power_;
  };
  std::string name_;
  double power_;
};

/// What is done to finished rows, in this order.
struct Scale {
  bool to_unit_length = false;
  bool centres = false;
  bool divides_by_deviation = false;
};

/// Column statistics of the training rows, for a scale that centres. In double: far from zero, a
/// float mean would miss the true one by as much as the deviation.
struct Moments {
  std::vector<double> mean;
  std::vector<double> inverse_deviation;
};

Moments moments_of(const Matrix& rows, const Scale& scale) {
  if (rows.rows() == 0) {
    throw DataError(fmt::format("scale = \"{}\" learns from the training items, and there are none",
                                scale.divides_by_deviation ? "standardize" : "l2-centred"));
  }
  Moments out;
  std::vector<double> sum(rows.cols()), squares(rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) sum[j] += rows.row(i)[j];
  }
  const auto count = static_cast<double>(rows.rows());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) {
      const double off = rows.row(i)[j] - sum[j] / count;
      squares[j] += off * off;
    }
  }
  for (std::size_t j = 0; j < rows.cols(); ++j) {
    const double deviation = std::sqrt(squares[j] / count);
    out.mean.push_back(sum[j] / count);
    // A column that never varies in train carries nothing; it becomes 0 rather than infinite.
    const double inverse = deviation > 1e-12 ? 1.0 / deviation : 0.0;
    out.inverse_deviation.push_back(scale.divides_by_deviation ? inverse : 1.0);
  }
  return out;
}

template <typename Values>
void scale_to_unit(Values values) {
  double squares = 0.0;
  for (const float value : values) squares += static_cast<double>(value) * value;
  if (squares == 0.0) return;
  const double norm = std::sqrt(squares);
  for (float& value : values) value = static_cast<float>(value / norm);
}

Features to_unit_length(Features rows) {
  assert(rows.form() == FeatureForm::kDense || rows.form() == FeatureForm::kSparse);
  if (rows.form() == FeatureForm::kSparse) {
    SparseRows out = rows.sparse();
    for (std::size_t i = 0; i < out.rows(); ++i) {
      scale_to_unit(
          std::span(out.values.data() + out.offsets[i], out.values.data() + out.offsets[i + 1]));
    }
    return out;
  }
  Matrix out = rows.dense();
  for (std::size_t i = 0; i < out.rows(); ++i) scale_to_unit(out.row(i));
  return out;
}

Features less_mean(const Features& rows, const Moments& moments) {
  Matrix out = rows.dense();
  for (std::size_t i = 0; i < out.rows(); ++i) {
    for (std::size_t j = 0; j < out.cols(); ++j) {
      out.row(i)[j] =
          static_cast<float>((out.row(i)[j] - moments.mean[j]) * moments.inverse_deviation[j]);
    }
  }
  return out;
}

Matrix side_by_side(const std::vector<Features>& parts) {
  std::size_t cols = 0;
  for (const Features& part : parts) cols += part.cols();
  Matrix out(parts.front().rows(), cols);
  for (std::size_t i = 0; i < out.rows(); ++i) {
    auto to = out.row(i);
    for (const Features& part : parts) {
      part.copy_row(i, to.first(part.cols()));
      to = to.subspan(part.cols());
    }
  }
  return out;
}

class JoinedExtractor : public Extractor {
 public:
  JoinedExtractor(std::vector<std::unique_ptr<Extractor>> parts, Scale scale, Moments moments)
      : parts_(std::move(parts)), scale_(scale), moments_(std::move(moments)) {}

  Features extract_uncentred(const RawItems& items, int threads, Progress& progress) const {
    std::vector<Features> parts;
    for (const auto& part : parts_) parts.push_back(part->extract(items, threads, progress));
    Features rows = parts.size() == 1 ? std::move(parts.front()) : Features(side_by_side(parts));
    return scale_.to_unit_length ? to_unit_length(std::move(rows)) : rows;
  }

  Features extract(const RawItems& items, int threads, Progress& progress) const override {
    Features rows = extract_uncentred(items, threads, progress);
    return scale_.centres ? less_mean(rows, moments_) : rows;
  }

  void save(H5File& file, const std::string& group) const override {
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      parts_[p]->save(file, fmt::format("{}/{}", group, p));
    }
    if (scale_.centres) {
      file.write<double>(group + "/mean", moments_.mean);
      file.write<double>(group + "/inverse_deviation", moments_.inverse_deviation);
    }
  }

  void set_moments(Moments moments) { moments_ = std::move(moments); }

 private:
  std::vector<std::unique_ptr<Extractor>> parts_;
  Scale scale_;
  Moments moments_;
};

class JoinedKind : public FeatureKind {
 public:
  JoinedKind(std::vector<FeatureKindPtr> parts, Scale scale)
      : parts_(std::move(parts)), scale_(scale) {}

  bool learns() const override {
    return scale_.centres ||
           std::ranges::any_of(parts_, [](const auto& part) { return part->learns(); });
  }
  std::unique_ptr<Extractor> fit(const RawItems& train, int threads,
                                 Progress& progress) const override {
    std::vector<std::unique_ptr<Extractor>> fitted;
    for (const auto& part : parts_) fitted.push_back(part->fit(train, threads, progress));
    auto joined = std::make_unique<JoinedExtractor>(std::move(fitted), scale_, Moments{});
    if (scale_.centres) {
      joined->set_moments(
          moments_of(joined->extract_uncentred(train, threads, progress).dense(), scale_));
    }
    return joined;
  }

  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    std::vector<std::unique_ptr<Extractor>> loaded;
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      loaded.push_back(parts_[p]->load(file, fmt::format("{}/{}", group, p)));
    }
    Moments moments;
    if (scale_.centres) {
      moments.mean = file.read<double>(group + "/mean");
      moments.inverse_deviation = file.read<double>(group + "/inverse_deviation");
    }
    return std::make_unique<JoinedExtractor>(std::move(loaded), scale_, std::move(moments));
  }

 private:
  std::vector<FeatureKindPtr> parts_;
  Scale scale_;
};

struct Maker {
  const char* name;
  FeatureKindPtr (*make)(const Section&);
};

constexpr Maker kMakers[] = {
#define FEATURE_KIND(name, maker, options, modalities, form, summary) {name, maker},
#include "features/features.def"
#undef FEATURE_KIND
};

Scale scale_from(const std::string& name) {
  return {.to_unit_length = name.starts_with("l2"),
          .centres = name == "standardize" || name == "l2-centred",
          .divides_by_deviation = name == "standardize"};
}

}  // namespace

FeatureKindPtr make_unfitted_kind(std::size_t width, DescribeItem describe) {
  return std::make_unique<UnfittedKind>(width, std::move(describe));
}

FeatureKindPtr make_stored(const Section& options) {
  return std::make_unique<StoredKind>(options.text("name"), options.real("power"));
}

}  // namespace features

std::unique_ptr<FeatureKind> make_feature_kind(const FeatureSpec& spec) {
  // Token sequences and pixels have no scale.
  const features::Scale scale = spec.options.values().contains("scale")
                                    ? features::scale_from(spec.options.text("scale"))
                                    : features::Scale{};
  std::vector<features::FeatureKindPtr> parts;
  for (const std::string& name : parts_of_kind(spec.kind)) {
    const auto maker = std::ranges::find(features::kMakers, name, &features::Maker::name);
    if (maker->make == nullptr) {
      throw ConfigError(
          fmt::format("feature kind '{}' needs LibTorch, which this program does not link", name));
    }
    parts.push_back(maker->make(spec.options));
  }
  return std::make_unique<features::JoinedKind>(std::move(parts), scale);
}

std::map<std::string, std::string> feature_libraries() {
  std::map<std::string, std::string> libraries = features::image_libraries();
  libraries.merge(features::sound_libraries());
  libraries.merge(features::text_libraries());
  return libraries;
}

}  // namespace alignlab
