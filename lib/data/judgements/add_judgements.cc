#include "data/judgements/add_judgements.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "core/error.h"
#include "core/lines.h"
#include "core/suggest.h"
#include "data/dataset.h"
#include "data/dataset_change.h"
#include "data/judgement_file.h"
#include "data/judgements/coco_judgements.h"
#include "data/trec_files.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr const char* kJudgements = "judgements";  // a group of the root

struct Sides {
  Modality queries;
  Modality candidates;
};

struct Format {
  JudgementRow row;
  Sides (*sides)(const AddJudgementsRequest& request);
  /// Whichever side asks: `query` and `candidate` are those of `sides`.
  NamedJudgements (*read)(const AddJudgementsRequest& request, const Sides& sides);
  /// What a data set may call the item that the file calls `id`, the likeliest first.
  std::vector<std::string> (*spellings)(const std::string& id);
};

std::vector<std::string> as_written(const std::string& id) { return {id}; }

Sides any_sides(const AddJudgementsRequest& request) {
  const auto other = [](Modality one) {
    return one == Modality::kText ? Modality::kImage : Modality::kText;
  };
  const Modality queries =
      request.queries.value_or(request.candidates ? other(*request.candidates) : Modality::kText);
  return {queries, request.candidates.value_or(other(queries))};
}

/// Of a format whose judgements are of captions and images.
Sides captions_and_images(const AddJudgementsRequest& request) {
  const Sides sides = any_sides(request);
  const bool has_text = sides.queries == Modality::kText || sides.candidates == Modality::kText;
  const bool has_image = sides.queries == Modality::kImage || sides.candidates == Modality::kImage;
  if (!has_text || !has_image) {
    throw UsageError(fmt::format(
        "add-judgements {}: expected text and image for --queries and --candidates, in either "
        "order, found {} and {}",
        request.format, name_of(sides.queries), name_of(sides.candidates)));
  }
  return sides;
}

/// The keys of the file are its queries, and its name tells what they are.
Sides sides_in_name(const AddJudgementsRequest& request) {
  const std::string name = request.source.filename().string();
  const bool asks_with_text = name.find("caption_to_image") != std::string::npos;
  const bool asks_with_image = name.find("image_to_caption") != std::string::npos;
  const bool is_told = request.queries || request.candidates;
  if (asks_with_text == asks_with_image) {
    if (is_told) return captions_and_images(request);
    throw UsageError(fmt::format(
        "add-judgements {}: '{}' is neither *caption_to_image* nor *image_to_caption*: say "
        "--queries text or --queries image",
        request.format, excerpt(name)));
  }
  const Sides named = asks_with_text ? Sides{Modality::kText, Modality::kImage}
                                     : Sides{Modality::kImage, Modality::kText};
  const Sides told = is_told ? captions_and_images(request) : named;
  if (told.queries != named.queries) {
    throw UsageError(fmt::format("add-judgements {}: expected --queries {} for '{}', found {}",
                                 request.format, name_of(named.queries), excerpt(name),
                                 name_of(told.queries)));
  }
  return named;
}

/// From judgements whose query is the caption.
NamedJudgements turned(NamedJudgements judgements, const Sides& sides) {
  if (sides.queries == Modality::kText) return judgements;
  for (NamedJudgement& one : judgements.all) std::swap(one.query, one.candidate);
  return judgements;
}

NamedJudgements read_flickr8k(const fs::path& path, JudgementFormat wanted) {
  JudgementFile file = read_judgement_file(path);
  if (file.format != wanted) {
    const bool wants_experts = wanted == JudgementFormat::kExpert;
    throw DataError(fmt::format("{}: expected judgements of {}, found those of {}", path.string(),
                                wants_experts ? "experts" : "a crowd",
                                wants_experts ? "a crowd" : "experts"));
  }
  const std::size_t all = file.judgements.size();
  NamedJudgements out;
  for (const auto& one : commonly_judged(std::move(file))) {
    out.all.push_back({one.caption, one.image, static_cast<float>(one.rating)});
  }
  if (out.all.empty()) {
    throw DataError(fmt::format("{}: expected judgements of captions of other images, found none",
                                path.string()));
  }
  if (out.all.size() < all) {
    out.left_out = fmt::format("judgements of an image's own captions, left out: {}",
                               with_commas(all - out.all.size()));
  }
  return out;
}

NamedJudgements read_experts(const AddJudgementsRequest& request, const Sides& sides) {
  return turned(read_flickr8k(request.source, JudgementFormat::kExpert), sides);
}

NamedJudgements read_crowd(const AddJudgementsRequest& request, const Sides& sides) {
  return turned(read_flickr8k(request.source, JudgementFormat::kCrowd), sides);
}

NamedJudgements read_trec(const AddJudgementsRequest& request, const Sides&) {
  const QrelsFile file = read_qrels(request.source);
  NamedJudgements out;
  std::size_t below = 0;
  for (const std::string& query : file.queries) {
    for (const auto& [document, grade] : file.judgements.at(query)) {
      if (grade < 1) {
        ++below;
      } else {
        out.all.push_back({query, document, static_cast<float>(grade)});
      }
    }
  }
  if (out.all.empty()) {
    throw DataError(
        fmt::format("{}: expected a grade of 1 or more, found none", request.source.string()));
  }
  if (below > 0) {
    out.left_out = fmt::format("judgements with a grade below 1, left out: {}", with_commas(below));
  }
  return out;
}

NamedJudgements read_cxc(const AddJudgementsRequest& request, const Sides& sides) {
  return turned(read_crisscrossed_captions(request.source, request.options.real("least")), sides);
}

NamedJudgements read_eccv(const AddJudgementsRequest& request, const Sides&) {
  return read_eccv_caption(request.source);
}

const std::vector<Format>& formats_of_judgements() {
  constexpr const char* kFlickr8k = "Hodosh et al., JAIR 2013";
  static const std::vector<Format> kAll{
      {{"cxc",
        "sits_*.csv of Crisscrossed Captions: scores of COCO's captions and images",
        "Parekh et al., EACL 2021",
        {{.name = "least",
          .summary = "the least score of a pair that is right; 3 is the authors'",
          .fallback = 3.0,
          .least = 0.0,
          .most = 5.0}}},
       captions_and_images,
       read_cxc,
       coco_spellings},
      {{"eccv-caption",
        "eccv_*.json of ECCV Caption: every right caption of an image of COCO, or image of a "
        "caption",
        "Chun et al., ECCV 2022"},
       sides_in_name,
       read_eccv,
       coco_spellings},
      {{"flickr8k-crowdflower",
        "CrowdFlowerAnnotations.txt: the share of a crowd that took a caption for the image's",
        kFlickr8k},
       captions_and_images,
       read_crowd,
       as_written},
      {{"flickr8k-expert",
        "ExpertAnnotations.txt: each expert's rating, 1 to 4, of another image's caption",
        kFlickr8k},
       captions_and_images,
       read_experts,
       as_written},
      {{"qrels", "TREC qrels with the ids of the data set: grades of 1 and more",
        "trec_eval's manual"},
       any_sides,
       read_trec,
       as_written},
  };
  return kAll;
}

const Format& format_named(const std::string& name) {
  std::vector<std::string> known;
  for (const Format& format : formats_of_judgements()) {
    if (format.row.name == name) return format;
    known.push_back(format.row.name);
  }
  throw UsageError(
      fmt::format("add-judgements: unknown format '{}'{}", name, suggestion(name, known)));
}

/// Finds the items of one side.
class Finder {
 public:
  Finder(const Dataset& dataset, Modality modality, const Format& format)
      : items_(dataset.items(modality)), modality_(modality), format_(format) {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      row_of_.try_emplace(items_.ids[i], static_cast<std::int64_t>(i));
    }
  }

  std::optional<std::int64_t> find(const std::string& id) {
    for (const std::string& spelling : format_.spellings(id)) {
      const auto found = row_of_.find(spelling);
      if (found == row_of_.end()) continue;
      found_any_ = true;
      return found->second;
    }
    return std::nullopt;
  }
  bool found_any() const { return found_any_; }
  /// How ids differ, where `id` of the file is in no item.
  std::string difference(const std::string& id) const {
    return fmt::format("its {} ids are such as '{}', those of the data set such as '{}'",
                       name_of(modality_), excerpt(id),
                       items_.size() == 0 ? "" : excerpt(items_.ids[0]));
  }

 private:
  const Items& items_;
  Modality modality_;
  const Format& format_;
  std::unordered_map<std::string_view, std::int64_t> row_of_;
  bool found_any_ = false;
};

/// By query and candidate; entries of one pair keep their order.
Judgements sorted(const Judgements& from) {
  std::vector<std::size_t> order(from.grades.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, {}, [&](std::size_t i) { return std::tuple(from.queries[i], from.candidates[i]); });
  Judgements out{from.query_modality, from.candidate_modality, {}, {}, {}};
  for (const std::size_t i : order) {
    out.queries.push_back(from.queries[i]);
    out.candidates.push_back(from.candidates[i]);
    out.grades.push_back(from.grades[i]);
  }
  return out;
}

Judgements matched(const Dataset& dataset, const AddJudgementsRequest& request,
                   const Format& format, const Sides& sides, const NamedJudgements& named,
                   Progress& progress) {
  Finder queries(dataset, sides.queries, format);
  Finder candidates(dataset, sides.candidates, format);
  Judgements out{sides.queries, sides.candidates, {}, {}, {}};
  for (const NamedJudgement& one : named.all) {
    const auto query = queries.find(one.query);
    const auto candidate = candidates.find(one.candidate);
    if (!query || !candidate) continue;
    out.queries.push_back(*query);
    out.candidates.push_back(*candidate);
    out.grades.push_back(one.grade);
  }
  const std::size_t unknown = named.all.size() - out.grades.size();
  if (out.grades.empty()) {
    const NamedJudgement& first = named.all.front();
    throw DataError(fmt::format("{}: expected judgements of items of {}, found none: {}",
                                request.source.string(), request.dataset.string(),
                                queries.found_any() ? candidates.difference(first.candidate)
                                                    : queries.difference(first.query)));
  }
  const std::string file = request.source.filename().string();
  if (!named.left_out.empty()) progress.warn(fmt::format("{}: {}", file, named.left_out));
  if (unknown > 0) {
    progress.warn(
        fmt::format("{}: judgements of items that are not in the data set, left out: {} "
                    "of {}",
                    file, with_commas(unknown), with_commas(named.all.size())));
  }
  return sorted(out);
}

void write(H5File& file, const Judgements& judgements, const AddJudgementsRequest& request,
           Progress& progress) {
  progress.begin("storing judgements", judgements.grades.size(), "judgements");
  progress.check();
  const std::string group = fmt::format("/{}", kJudgements);
  file.write<std::int64_t>(group + "/query", judgements.queries);
  file.write<std::int64_t>(group + "/candidate", judgements.candidates);
  file.write<float>(group + "/grade", judgements.grades);
  file.set_attribute(group, "query_modality", name_of(judgements.query_modality));
  file.set_attribute(group, "candidate_modality", name_of(judgements.candidate_modality));
  file.set_attribute(group, "producer", "add-judgements");
  file.set_attribute(group, "format", request.format);
  file.set_attribute(group, "source", request.source.filename().string());
  progress.advance(judgements.grades.size());
  progress.end();
}

}  // namespace

const std::vector<JudgementRow>& judgement_catalog() {
  static const std::vector<JudgementRow> kRows = [] {
    std::vector<JudgementRow> rows;
    for (const Format& format : formats_of_judgements()) rows.push_back(format.row);
    return rows;
  }();
  return kRows;
}

AddedJudgements add_judgements(const AddJudgementsRequest& request, Progress& progress) {
  const Format& format = format_named(request.format);
  const Sides sides = format.sides(request);
  DatasetChange change(request.dataset, progress);
  if (change.source().file().has(fmt::format("/{}", kJudgements)) && !request.replace) {
    throw DataError(fmt::format("{}: /{}: already there; --replace replaces them",
                                change.path().string(), kJudgements));
  }
  const NamedJudgements named = format.read(request, sides);
  progress.check();
  const Judgements judgements = matched(change.source(), request, format, sides, named, progress);
  write(change.copy(kJudgements), judgements, request, progress);
  progress.check();
  change.commit();
  return {judgements.grades.size(), sides.queries, sides.candidates};
}

}  // namespace alignlab
