// asif: no training at all (Norelli et al., "ASIF: Coupled Data Turns Unimodal Models to Multimodal
// Without Training", NeurIPS 2023). An item is what it is like among training pairs, the anchors
// (x_i, y_i): with c_i the cosine of x and x_i, or of y and y_i, its coordinates are
//
//     e_i = max(c_i, 0)^p  for the k anchors of largest c_i,  0 for the others,
//
// compared by cosine. Among equal c_i the earlier anchor counts. Where there are more pairs than
// `anchors`, so many are drawn.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "align/common.h"
#include "align/makers.h"
#include "core/rng.h"
#include "linear/truncated_svd.h"

namespace alignlab::align {
namespace {

/// As columns, each of unit length or 0.
Matrix unit_columns(const Features& rows) {
  Matrix out(rows.cols(), rows.rows());
  std::vector<float> row(rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    rows.copy_row(i, row);
    double squares = 0.0;
    for (const float value : row) squares += static_cast<double>(value) * value;
    const double scale = squares > 0.0 ? 1.0 / std::sqrt(squares) : 0.0;
    for (std::size_t j = 0; j < row.size(); ++j) {
      out.row(j)[i] = static_cast<float>(scale * row[j]);
    }
  }
  return out;
}

struct Anchors {
  Modality modality = Modality::kImage;
  Features items;
  Matrix columns;  // of unit length

  Anchors(Modality of, Features anchors)
      : modality(of), items(std::move(anchors)), columns(unit_columns(items)) {}
};

class AsifEncoder : public Encoder {
 public:
  AsifEncoder(Anchors first, Anchors second, std::size_t neighbours, double power)
      : sides_{std::move(first), std::move(second)}, neighbours_(neighbours), power_(power) {}

  Matrix embed(Modality modality, const Features& features) const override {
    const Anchors& side = modality == sides_[0].modality ? sides_[0] : sides_[1];
    require_width(modality, features, side.columns.rows());
    Matrix out = project(features, side.columns);
    std::vector<std::uint32_t> order(out.cols());
    // There is an anchor at least, for no training split without a pair is fitted on.
    const std::size_t kept = std::min(neighbours_, out.cols());
    for (std::size_t i = 0; i < out.rows(); ++i) {
      const auto row = out.row(i);
      // Powers of long rows would overflow, and a row's length is no matter to a cosine.
      const double largest = std::ranges::max(row);
      std::iota(order.begin(), order.end(), 0U);
      std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept),
                       order.end(), [&](std::uint32_t a, std::uint32_t b) {
                         return row[a] > row[b] || (row[a] == row[b] && a < b);
                       });
      for (std::size_t k = kept; k < order.size(); ++k) row[order[k]] = 0.0F;
      for (float& value : row) {
        value = value > 0.0F ? static_cast<float>(std::pow(value / largest, power_)) : 0.0F;
      }
    }
    return out;
  }

  void save(H5File& file, const std::string& group) const override {
    for (const Anchors& side : sides_) {
      file.write_features(group + "/" + std::string(name_of(side.modality)), side.items);
    }
  }

 private:
  std::array<Anchors, 2> sides_;
  std::size_t neighbours_;
  double power_;
};

class Asif : public Aligner {
 public:
  explicit Asif(const Section& options)
      : anchors_(static_cast<std::size_t>(options.integer("anchors"))),
        neighbours_(static_cast<std::size_t>(options.integer("neighbours"))),
        power_(options.real("power")) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit&, std::uint64_t seed,
                               Progress& progress) const override {
    std::vector<Pair> pairs = pairs_of(train);
    progress.begin("anchors", 1, "steps");
    progress.check();
    Rng(seed, "anchors").shuffle(std::span(pairs));
    pairs.resize(std::min(pairs.size(), anchors_));
    std::vector<std::int32_t> firsts, seconds;
    for (const Pair& pair : pairs) {
      firsts.push_back(pair.first);
      seconds.push_back(pair.second);
    }
    progress.advance(1);
    progress.end();
    return std::make_unique<AsifEncoder>(
        Anchors(train.first().modality, train.first().features.rows_at(firsts)),
        Anchors(train.second().modality, train.second().features.rows_at(seconds)), neighbours_,
        power_);
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    std::vector<Anchors> sides;
    for (const Modality modality : kModalities) {
      const std::string here = group + "/" + std::string(name_of(modality));
      if (file.has(here)) sides.emplace_back(modality, file.read_features(here));
    }
    return std::make_unique<AsifEncoder>(std::move(sides.at(0)), std::move(sides.at(1)),
                                         neighbours_, power_);
  }

 private:
  std::size_t anchors_;
  std::size_t neighbours_;
  double power_;
};

}  // namespace

AlignerPtr make_asif(const Section& options, const TrainOptions&) {
  return std::make_unique<Asif>(options);
}

}  // namespace alignlab::align
