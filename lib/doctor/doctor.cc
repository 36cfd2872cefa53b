#include "doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "core/hash.h"
#include "core/lines.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostExamples = 5;
constexpr std::uint64_t kSlabBytes = 1 << 24;
constexpr std::size_t kItemsAStep = 256;

std::string in_quotes(std::string_view id) { return "'" + excerpt(id) + "'"; }

/// An item whose content is that of others when the hashes are equal.
struct Fingerprint {
  Hash128 hash;
  std::size_t item = 0;
};

struct Place {
  Modality modality;
  std::size_t item;
};

/// What belongs to one group number, over all modalities.
struct Group {
  std::size_t images = 0;
  std::size_t images_with_file = 0;
  std::size_t texts = 0;
  std::optional<Place> first_in_split;
  bool leaks = false;
};

class Inspector {
 public:
  Inspector(const Dataset& dataset, Progress& progress) : dataset_(dataset), progress_(progress) {}

  Inspection run() {
    report_.name = excerpt(dataset_.name(), 200);
    report_.content_hash = dataset_.content_hash();
    for (const Modality modality : dataset_.modalities()) summarise(modality);
    inspect_ids();
    for (const Modality modality : {Modality::kImage, Modality::kAudio}) {
      if (dataset_.has(modality)) inspect_files(modality);
    }
    if (dataset_.has(Modality::kText)) inspect_texts();
    inspect_groups();
    inspect_splits();
    for (const Modality modality : dataset_.modalities()) {
      for (const std::string& name : dataset_.feature_names(modality)) {
        inspect_features(modality, name);
      }
    }
    std::ranges::stable_sort(report_.findings, std::greater<>(), &Finding::severity);
    return std::move(report_);
  }

 private:
  /// Counts one more case of a finding; the first few are examples.
  void find(std::string_view code, Severity severity, std::string_view hint, std::string example) {
    auto found = std::ranges::find(report_.findings, code, &Finding::code);
    if (found == report_.findings.end()) {
      report_.findings.push_back({std::string(code), severity, 0, {}, std::string(hint)});
      found = std::prev(report_.findings.end());
    }
    ++found->count;
    if (found->examples.size() < kMostExamples) found->examples.push_back(std::move(example));
  }

  std::string id(Modality modality, std::size_t item) const {
    return in_quotes(dataset_.items(modality).ids[item]);
  }
  std::string id_and_split(Modality modality, std::size_t item) const {
    const Split split = dataset_.items(modality).splits[item];
    return fmt::format("{} ({})", id(modality, item), alignlab::name_of(split));
  }

  void summarise(Modality modality) {
    const Items& items = dataset_.items(modality);
    ModalityReport& report = report_.modalities[std::string(alignlab::name_of(modality))];
    report.items = items.size();
    for (const Split split : kSplits) report.splits[std::string(alignlab::name_of(split))] = 0;
    for (const Split split : items.splits) ++report.splits[std::string(alignlab::name_of(split))];
    for (const std::string& name : dataset_.feature_names(modality)) {
      const Shape shape = dataset_.file().shape(dataset_.feature_array(modality, name));
      report.features[name] = static_cast<std::size_t>(shape[1]);
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      Group& group = groups_[items.groups[i]];
      if (modality == Modality::kImage) ++group.images;
      if (modality == Modality::kText) ++group.texts;
    }
  }

  void inspect_ids() {
    for (const Modality modality : dataset_.modalities()) {
      const Items& items = dataset_.items(modality);
      std::unordered_set<std::string_view> seen;
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (!seen.insert(items.ids[i]).second) {
          find("duplicate-ids", Severity::kError,
               "Items are looked up by id: give each of a modality its own and import again.",
               id(modality, i));
        }
        if (items.splits[i] == Split::kNone) {
          find("items-of-no-split", Severity::kWarning,
               "They take no part in training or evaluation; list them in a split to use them.",
               id(modality, i));
        }
      }
    }
  }

  void inspect_files(Modality modality) {
    const auto files = dataset_.stored_files(modality);
    const auto fingerprints = files ? inspect_stored(modality, *files) : inspect_embedded(modality);
    inspect_same_content(modality, fingerprints);
  }

  void found_file(Modality modality, std::size_t item) {
    if (modality == Modality::kImage) {
      ++groups_[dataset_.items(modality).groups[item]].images_with_file;
    }
  }
  void missing_file(Modality modality, std::size_t item, std::string_view path) {
    find(fmt::format("missing-{}-file", alignlab::name_of(modality)), Severity::kWarning,
         "Stored features can still be used; nothing can be extracted from what is not there.",
         path.empty() ? id(modality, item) : in_quotes(fs::path(path).filename().string()));
  }

  std::vector<Fingerprint> inspect_stored(Modality modality, const StoredFiles& files) {
    const fs::path folder = dataset_.folder();
    const std::size_t count = files.sizes.size();
    std::vector<Fingerprint> fingerprints;
    progress_.begin(fmt::format("looking for {} files", alignlab::name_of(modality)), count,
                    "files");
    for (std::size_t i = 0; i < count; ++i) {
      step(i);
      std::error_code error;
      const std::uint64_t size =
          files.sizes[i] < 0 ? 0 : fs::file_size(folder / files.paths[i], error);
      if (files.sizes[i] < 0 || error) {
        missing_file(modality, i, files.paths[i]);
        continue;
      }
      found_file(modality, i);
      fingerprints.push_back({hash_of(files.hashes[i]), i});
      if (size != static_cast<std::uint64_t>(files.sizes[i])) {
        find(fmt::format("changed-{}-file", alignlab::name_of(modality)), Severity::kError,
             "It is no longer the file that was imported: restore it, or import again.",
             in_quotes(files.paths[i]));
      }
    }
    progress_.end();
    return fingerprints;
  }

  std::vector<Fingerprint> inspect_embedded(Modality modality) {
    const auto raw = dataset_.raw(modality);
    const auto offsets = dataset_.file().read<std::int64_t>(
        fmt::format("/raw/{}/offsets", alignlab::name_of(modality)));
    std::vector<Fingerprint> fingerprints;
    progress_.begin(fmt::format("reading {} items", alignlab::name_of(modality)), raw->size(),
                    "items");
    for (std::size_t i = 0; i < raw->size(); ++i) {
      step(i);
      if (offsets[i] == offsets[i + 1]) {
        missing_file(modality, i, "");
        continue;
      }
      found_file(modality, i);
      fingerprints.push_back({hash_of(raw->content(i)), i});
    }
    progress_.end();
    return fingerprints;
  }

  /// Calls `visit` with the items of each content that occurs more than once, in item order.
  template <typename Visit>
  static void for_each_repeated(std::vector<Fingerprint> all, const Visit& visit) {
    std::ranges::sort(all, {}, [](const Fingerprint& one) {
      return std::tuple(one.hash.high, one.hash.low, one.item);
    });
    std::vector<std::vector<std::size_t>> repeated;
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
      while (end < all.size() && all[end].hash == all[begin].hash) ++end;
      if (end - begin < 2) continue;
      repeated.emplace_back();
      for (std::size_t i = begin; i < end; ++i) repeated.back().push_back(all[i].item);
    }
    // By first item, not by hash, so that examples are the first ones of the file.
    std::ranges::sort(repeated);
    for (const std::vector<std::size_t>& items : repeated) visit(items);
  }

  bool in_two_splits(const Items& items, std::size_t a, std::size_t b) const {
    return items.splits[a] != items.splits[b] && items.splits[a] != Split::kNone &&
           items.splits[b] != Split::kNone;
  }

  void inspect_same_content(Modality modality, const std::vector<Fingerprint>& fingerprints) {
    const Items& items = dataset_.items(modality);
    const std::string_view name = alignlab::name_of(modality);
    for_each_repeated(fingerprints, [&](const std::vector<std::size_t>& same) {
      // Items of no split leak nothing, so the first of a split is what the others are held
      // against.
      const auto placed = std::ranges::find_if(
          same, [&](std::size_t item) { return items.splits[item] != Split::kNone; });
      const std::size_t one = placed == same.end() ? same[0] : *placed;
      const auto other = std::ranges::find_if(
          same, [&](std::size_t item) { return in_two_splits(items, one, item); });
      if (other != same.end()) {
        find(fmt::format("same-{}-in-two-splits", name), Severity::kWarning,
             "What is learned from one is tested on the other: keep it in one split.",
             fmt::format("{} and {}", id_and_split(modality, one), id_and_split(modality, *other)));
      } else {
        find(fmt::format("same-{}-twice", name), Severity::kNote,
             "Retrieval cannot tell them apart: only one of them can be ranked first.",
             fmt::format("{} and {}", id(modality, same[0]), id(modality, same[1])));
      }
    });
  }

  static bool is_nearly_empty(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return true;
    text = text.substr(first, text.find_last_not_of(kSpace) - first + 1);
    return std::ranges::count_if(text, [](char c) {
             return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // starts a character
           }) <= 1;
  }

  void inspect_texts() {
    const auto raw = dataset_.raw(Modality::kText);
    std::vector<Fingerprint> fingerprints;
    progress_.begin("reading texts", raw->size(), "items");
    for (std::size_t i = 0; i < raw->size(); ++i) {
      step(i);
      const std::string text = raw->content(i);
      // Empty ones are a finding of their own, and would all be each other's duplicates.
      if (is_nearly_empty(text)) {
        find("nearly-empty-texts", Severity::kWarning,
             "A text of at most one character says nothing: its embedding is arbitrary or zero.",
             id(Modality::kText, i));
      } else {
        fingerprints.push_back({hash_of(text), i});
      }
    }
    progress_.end();
    for_each_repeated(std::move(fingerprints),
                      [this](const std::vector<std::size_t>& same) { inspect_same_text(same); });
  }

  void inspect_same_text(const std::vector<std::size_t>& same) {
    const Items& items = dataset_.items(Modality::kText);
    std::unordered_map<std::int32_t, std::size_t> first_of_group;
    std::size_t other_group = same[0];
    for (const std::size_t item : same) {
      const auto [first, is_new] = first_of_group.try_emplace(items.groups[item], item);
      if (is_new) {
        if (first_of_group.size() == 2) other_group = item;
        continue;
      }
      if (in_two_splits(items, first->second, item)) {
        find("same-pair-in-two-splits", Severity::kError,
             "The same caption of the same image is trained on and tested: keep it in one split.",
             fmt::format("{} and {}", id_and_split(Modality::kText, first->second),
                         id_and_split(Modality::kText, item)));
      } else {
        find("duplicate-captions", Severity::kWarning,
             "An image has the same caption twice: it counts twice in training and in the metrics.",
             fmt::format("{} and {}", id(Modality::kText, first->second),
                         id(Modality::kText, item)));
      }
    }
    if (first_of_group.size() > 1) {
      find(
          "shared-captions", Severity::kNote,
          "Images share a caption, but only the caption's own image counts as right.",
          fmt::format("{} and {}", id(Modality::kText, same[0]), id(Modality::kText, other_group)));
    }
  }

  void inspect_groups() {
    const bool has_pairs = dataset_.has(Modality::kImage) && dataset_.has(Modality::kText);
    for (const auto& [number, group] : groups_) {
      if (has_pairs && group.images > 0) ++report_.captions_per_image[group.texts];
    }
    for (const Modality modality : dataset_.modalities()) {
      const Items& items = dataset_.items(modality);
      for (std::size_t i = 0; i < items.size(); ++i) {
        Group& group = groups_[items.groups[i]];
        if (items.splits[i] != Split::kNone) inspect_leak(group, {modality, i});
        if (!has_pairs) continue;
        if (modality == Modality::kImage && group.texts == 0) {
          find("images-without-captions", Severity::kWarning,
               "They are only distractors in retrieval.", id(modality, i));
        }
        if (modality == Modality::kText && group.images_with_file == 0) {
          find("captions-without-image-file", Severity::kWarning,
               "Their image is not there; stored image features can still be used.",
               id(modality, i));
        }
      }
    }
  }

  void inspect_leak(Group& group, const Place& place) {
    if (!group.first_in_split) group.first_in_split = place;
    const Place& first = *group.first_in_split;
    if (group.leaks || dataset_.items(first.modality).splits[first.item] ==
                           dataset_.items(place.modality).splits[place.item]) {
      return;
    }
    group.leaks = true;
    find(
        "leak-between-splits", Severity::kError,
        "A pair lies across two splits, so what is tested was seen in training: put all items of a "
        "group in one split.",
        fmt::format("{} and {}", id_and_split(first.modality, first.item),
                    id_and_split(place.modality, place.item)));
  }

  void inspect_splits() {
    for (const Split split : {Split::kTrain, Split::kDev}) {
      const bool is_there = std::ranges::any_of(dataset_.modalities(), [&](Modality modality) {
        return std::ranges::find(dataset_.items(modality).splits, split) !=
               dataset_.items(modality).splits.end();
      });
      if (is_there) continue;
      const std::string name(alignlab::name_of(split));
      find("no-" + name + "-split", Severity::kNote,
           split == Split::kTrain ? "Nothing can be fitted on it."
                                  : "Epochs and thresholds have nothing to be chosen on.",
           dataset_.name());
    }
  }

  void inspect_features(Modality modality, const std::string& name) {
    const std::string array = dataset_.feature_array(modality, name);
    const Shape shape = dataset_.file().shape(array);
    const std::uint64_t row_bytes = std::max<std::uint64_t>(1, shape[1] * sizeof(float));
    const std::uint64_t step = std::max<std::uint64_t>(1, kSlabBytes / row_bytes);
    progress_.begin("reading " + name, shape[0], "rows");
    for (std::uint64_t first = 0; first < shape[0]; first += step) {
      progress_.check();
      const std::uint64_t count = std::min(step, shape[0] - first);
      const auto slab = dataset_.file().read_rows<float>(array, first, count);
      for (std::uint64_t i = 0; i < count; ++i) {
        inspect_row(modality, name, first + i, std::span(slab).subspan(i * shape[1], shape[1]));
      }
      progress_.advance(count);
    }
    progress_.end();
  }

  void inspect_row(Modality modality, const std::string& name, std::uint64_t row,
                   std::span<const float> values) {
    const auto example = [&] {
      return fmt::format("{} row {} ({})", name, row, id(modality, row));
    };
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
      find("not-finite-rows", Severity::kError,
           "Evaluation refuses NaN and infinity: compute these features again.", example());
    } else if (std::ranges::all_of(values, [](float value) { return value == 0.0F; })) {
      find("zero-rows", Severity::kWarning,
           "Under cosine they score 0 with everything; is there an item behind them?", example());
    } else if (values.size() > 1 &&
               std::ranges::all_of(values, [&](float value) { return value == values[0]; })) {
      find("constant-rows", Severity::kWarning,
           "All columns are equal: under Pearson they score 0 with everything.", example());
    }
  }

  void step(std::size_t item) {
    if (item % kItemsAStep == 0) progress_.check();
    progress_.advance(1);
  }

  const Dataset& dataset_;
  Progress& progress_;
  Inspection report_;
  std::unordered_map<std::int32_t, Group> groups_;
};

}  // namespace

Inspection inspect(const Dataset& dataset, Progress& progress) {
  return Inspector(dataset, progress).run();
}

}  // namespace alignlab
