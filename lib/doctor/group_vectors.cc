#include "doctor/group_vectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/folding.h"
#include "core/hash.h"
#include "core/rng.h"
#include "doctor/feature_slabs.h"

namespace alignlab::doctor {
namespace {

constexpr std::size_t kMostColumns = 512;
constexpr std::size_t kWordColumns = 256;
constexpr std::size_t kItemsAStep = 256;

class FeatureSource final : public RowSource {
 public:
  FeatureSource(const Dataset& dataset, Modality modality, const std::string& name)
      : dataset_(dataset),
        modality_(modality),
        name_(name),
        array_(dataset.feature_array(modality, name)) {
    const std::size_t columns = dataset.file().shape(array_)[1];
    width_ = std::min(columns, kMostColumns);
    if (columns <= kMostColumns) return;
    Rng random(0, "doctor: columns of features");
    for (std::size_t i = 0; i < columns; ++i) {
      columns_.push_back({random.below(kMostColumns), random.chance(0.5) ? 1.0F : -1.0F});
    }
  }

  Modality modality() const override { return modality_; }
  std::string name() const override {
    return fmt::format("{}/{}", alignlab::name_of(modality_), name_);
  }
  std::size_t width() const override { return width_; }

  void visit(const std::vector<bool>& wanted, Progress& progress,
             const Visit& visit) const override {
    std::vector<float> reduced(width_);
    progress.begin("checking the order of " + name(), wanted.size(), "rows");
    visit_feature_rows(
        dataset_, array_, progress, [&](std::uint64_t row) { return wanted[row]; },
        [&](std::uint64_t row, std::span<const float> values) {
          if (!wanted[row] || !is_finite(values)) return;
          visit(row, columns_.empty() ? values : reduce(values, reduced));
        });
    progress.end();
  }

 private:
  struct Column {
    std::size_t to = 0;
    float sign = 1.0F;
  };

  static bool is_finite(std::span<const float> values) {
    return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
  }

  std::span<const float> reduce(std::span<const float> values, std::span<float> out) const {
    std::ranges::fill(out, 0.0F);
    for (std::size_t i = 0; i < values.size(); ++i) {
      out[columns_[i].to] += columns_[i].sign * values[i];
    }
    return out;
  }

  const Dataset& dataset_;
  Modality modality_;
  std::string name_;
  std::string array_;
  std::size_t width_ = 0;
  std::vector<Column> columns_;  // empty: as they are
};

class CaptionSource final : public RowSource {
 public:
  explicit CaptionSource(const Dataset& dataset) : dataset_(dataset) {}

  Modality modality() const override { return Modality::kText; }
  std::string name() const override { return "captions"; }
  std::size_t width() const override { return kWordColumns; }

  void visit(const std::vector<bool>& wanted, Progress& progress,
             const Visit& visit) const override {
    const auto raw = dataset_.raw(Modality::kText);
    std::vector<float> counts(kWordColumns);
    progress.begin("reading captions", wanted.size(), "items");
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (i % kItemsAStep == 0) progress.check();
      progress.advance(1);
      if (!wanted[i]) continue;
      count_words(folded_words(raw->content(i)), counts);
      visit(i, counts);
    }
    progress.end();
  }

 private:
  static void count_words(std::string_view words, std::span<float> counts) {
    std::ranges::fill(counts, 0.0F);
    for (std::size_t begin = 0; begin < words.size();) {
      const std::size_t end = std::min(words.find(' ', begin), words.size());
      count(words.substr(begin, end - begin), counts);
      count_pairs(words.substr(begin, end - begin), counts);
      begin = end + 1;
    }
  }

  static void count(std::string_view word, std::span<float> counts) {
    const Hash128 hash = hash_of(word);
    counts[hash.low % kWordColumns] += hash.high % 2 == 0 ? 1.0F : -1.0F;
  }

  /// Not every script parts its words by spaces: there, what stands for words is each two
  /// characters in a row.
  static void count_pairs(std::string_view word, std::span<float> counts) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80U; };
    const auto is_first = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
    if (std::ranges::all_of(word, is_ascii)) return;
    std::size_t before = 0;
    std::size_t last = 0;
    for (std::size_t at = 1; at <= word.size(); ++at) {
      if (at < word.size() && !is_first(word[at])) continue;
      if (last > before) count(word.substr(before, at - before), counts);
      before = last;
      last = at;
    }
  }

  const Dataset& dataset_;
};

constexpr std::size_t kNoGroup = static_cast<std::size_t>(-1);

/// Row of the sample that row r of the source counts for, if it lies in this order.
std::vector<std::size_t> seats(const Items& items, const GroupSample& sample,
                               const RowOrder& order) {
  std::vector<std::size_t> seats(items.size(), kNoGroup);
  for (std::size_t row = 0; row < seats.size(); ++row) {
    const std::size_t item = order.item_of_row[row];
    if (items.splits[item] != Split::kTrain) continue;
    const auto found = sample.find(items.groups[item]);
    if (found != sample.end()) seats[row] = found->second;
  }
  return seats;
}

void divide_by_counts(GroupVectors& vectors) {
  for (std::size_t group = 0; group < vectors.counts.size(); ++group) {
    if (vectors.counts[group] == 0) continue;
    const float share = 1.0F / static_cast<float>(vectors.counts[group]);
    for (float& value : vectors.means.row(group)) value *= share;
  }
}

}  // namespace

std::unique_ptr<RowSource> feature_source(const Dataset& dataset, Modality modality,
                                          const std::string& name) {
  return std::make_unique<FeatureSource>(dataset, modality, name);
}

std::unique_ptr<RowSource> caption_source(const Dataset& dataset) {
  return std::make_unique<CaptionSource>(dataset);
}

std::vector<GroupVectors> group_vectors(const Dataset& dataset, const RowSource& source,
                                        const GroupSample& sample,
                                        const std::vector<RowOrder>& orders, Progress& progress) {
  const Items& items = dataset.items(source.modality());
  std::vector<std::vector<std::size_t>> seats_of_order;
  std::vector<bool> wanted(items.size());
  for (const RowOrder& order : orders) {
    seats_of_order.push_back(seats(items, sample, order));
    for (std::size_t row = 0; row < wanted.size(); ++row) {
      if (seats_of_order.back()[row] != kNoGroup) wanted[row] = true;
    }
  }
  std::vector<GroupVectors> all(
      orders.size(), {Matrix(sample.size(), source.width()), std::vector<int>(sample.size())});
  source.visit(wanted, progress, [&](std::size_t row, std::span<const float> values) {
    for (std::size_t order = 0; order < orders.size(); ++order) {
      const std::size_t seat = seats_of_order[order][row];
      if (seat == kNoGroup) continue;
      ++all[order].counts[seat];
      const std::span<float> sum = all[order].means.row(seat);
      for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += values[j];
    }
  });
  for (GroupVectors& vectors : all) divide_by_counts(vectors);
  return all;
}

}  // namespace alignlab::doctor
