// Images and sounds: whether they are there, are what was imported, can be read, and are each
// there once.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/lines.h"
#include "doctor/container.h"
#include "doctor/examination.h"
#include "doctor/fingerprint.h"

namespace alignlab::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestPath = 400;

constexpr FindingKind kMissingFile{
    "missing-{}-file", Severity::kWarning,
    "Stored features can still be used; nothing can be extracted from what is not there."};
constexpr FindingKind kChangedFile{
    "changed-{}-file", Severity::kError,
    "It is no longer the file that was imported: restore it, or import again."};
constexpr FindingKind kUnreadableFile{
    "unreadable-{}-file", Severity::kError,
    "Extracting features would stop here: fetch the file again if it is damaged, convert it if it "
    "is of another format, and import again."};
constexpr FindingKind kNoneInPlace{
    "missing-{}-file", Severity::kWarning,
    "None is where it was when it was imported. Paths are relative to the data set: was it moved "
    "without them? Put it back, or import again."};
constexpr FindingKind kSameInTwoSplits{
    "same-{}-in-two-splits", Severity::kWarning,
    "What is learned from one is tested on the other: keep it in one split."};
constexpr FindingKind kSameTwice{
    "same-{}-twice", Severity::kNote,
    "Retrieval cannot tell them apart: only one of them can be ranked first."};

class ContentCheck {
 public:
  ContentCheck(Examination& examination, Modality modality, const Decoder& decoder)
      : examination_(examination),
        dataset_(examination.dataset),
        modality_(modality),
        decoder_(decoder),
        present_(dataset_.items(modality).size()) {}

  std::vector<bool> run() {
    if (!dataset_.has_content(modality_)) {
      find_no_content(examination_, modality_);
      return std::move(present_);
    }
    const auto files = dataset_.stored_files(modality_);
    examination_.progress.begin(fmt::format("looking at {} files", name_of(modality_)),
                                present_.size(), "files");
    if (files) {
      look_at(*files);
    } else {
      look_at_embedded();
    }
    examination_.progress.end();
    tell_missing(files);
    compare();
    return std::move(present_);
  }

 private:
  std::string id(std::size_t item) const { return examination_.id(modality_, item); }

  void look_at(const StoredFiles& files) {
    const fs::path folder = dataset_.folder();
    for (std::size_t i = 0; i < present_.size(); ++i) {
      examination_.step(i);
      const fs::path path = folder / files.paths[i];
      std::error_code error;
      const std::uint64_t size = files.sizes[i] < 0 ? 0 : fs::file_size(path, error);
      if (files.sizes[i] < 0 || error) continue;
      present_[i] = true;
      fingerprints_.push_back({hash_of(files.hashes[i]), i});
      try {
        const bool changed = size != static_cast<std::uint64_t>(files.sizes[i]) ||
                             (decoder_ && hash_of_file(path).hex() != files.hashes[i]);
        if (changed) {
          examination_.find_in(modality_, kChangedFile, in_quotes(files.paths[i]));
        } else {
          judge(i, ends_of_file(path), [&] { return read_file(path); });
        }
      } catch (const DataError& failure) {
        found_unreadable(i, failure.what());
      }
    }
  }

  void look_at_embedded() {
    const auto raw = dataset_.raw(modality_);
    const auto offsets =
        dataset_.file().read<std::int64_t>(fmt::format("/raw/{}/offsets", name_of(modality_)));
    for (std::size_t i = 0; i < present_.size(); ++i) {
      examination_.step(i);
      if (offsets[i] == offsets[i + 1]) continue;
      present_[i] = true;
      const std::string bytes = raw->content(i);
      fingerprints_.push_back({hash_of(bytes), i});
      judge(i, ends_of(bytes), [&] { return bytes; });
    }
  }

  template <typename Content>
  void judge(std::size_t item, const FileEnds& ends, const Content& content) {
    std::optional<std::string> fault;
    // What begins like no format known here may be one that the decoder knows.
    if (!decoder_ || is_known_container(modality_, ends)) fault = container_fault(modality_, ends);
    if (!fault && decoder_) {
      fault = decoder_(modality_, content(), std::string(dataset_.items(modality_).ids[item]));
      const std::string_view format = container_name(modality_, ends);
      // "12 bytes that are no JPEG ... image": a decoder may take what breaks off for no format.
      if (fault && !format.empty() && fault->find(" bytes that ") != std::string::npos) {
        fault = fmt::format("begins as {}, but breaks off or is damaged", format);
      }
    }
    if (fault) found_unreadable(item, *fault);
  }

  void found_unreadable(std::size_t item, std::string_view fault) {
    examination_.find_in(modality_, kUnreadableFile, fmt::format("{}: {}", id(item), fault));
  }

  void tell_missing(const std::optional<StoredFiles>& files) {
    const auto missing = static_cast<std::size_t>(std::ranges::count(present_, false));
    // Who imports without the files knows it: one note, not a warning an item.
    if (missing == present_.size()) {
      tell_all_missing(files);
      return;
    }
    for (std::size_t i = 0; i < present_.size(); ++i) {
      if (present_[i]) continue;
      const bool is_named = files && !files->paths[i].empty();
      examination_.find_in(
          modality_, kMissingFile,
          is_named ? in_quotes(fs::path(files->paths[i]).filename().string()) : id(i));
    }
  }

  void tell_all_missing(const std::optional<StoredFiles>& files) {
    const auto imported = [&](std::size_t item) { return files && files->sizes[item] >= 0; };
    for (std::size_t i = 0; i < present_.size(); ++i) {
      if (!imported(i)) continue;
      const fs::path tried = (dataset_.folder() / files->paths[i]).lexically_normal();
      examination_.find_in(modality_, kNoneInPlace, excerpt(tried.string(), kLongestPath),
                           present_.size());
      return;
    }
    find_no_content(examination_, modality_);
  }

  void compare() {
    const Items& items = dataset_.items(modality_);
    for (const std::vector<std::size_t>& same : repeated(std::move(fingerprints_))) {
      // Items of no split leak nothing, so the first of a split is what the others are held
      // against.
      const auto placed = std::ranges::find_if(
          same, [&](std::size_t item) { return items.splits[item] != Split::kNone; });
      const std::size_t one = placed == same.end() ? same[0] : *placed;
      const auto other = std::ranges::find_if(
          same, [&](std::size_t item) { return in_two_splits(items, one, item); });
      if (other != same.end()) {
        examination_.find_in(modality_, kSameInTwoSplits,
                             examination_.ids_and_splits(modality_, one, *other));
      } else {
        examination_.find_in(modality_, kSameTwice, examination_.ids(modality_, same[0], same[1]));
      }
    }
  }

  Examination& examination_;
  const Dataset& dataset_;
  Modality modality_;
  const Decoder& decoder_;
  std::vector<bool> present_;
  std::vector<Fingerprint> fingerprints_;
};

}  // namespace

Presence examine_contents(Examination& examination, const Decoder& decoder) {
  Presence presence;
  for (const Modality modality : {Modality::kImage, Modality::kAudio}) {
    if (!examination.dataset.has(modality)) continue;
    presence[modality] = ContentCheck(examination, modality, decoder).run();
  }
  return presence;
}

}  // namespace alignlab::doctor
