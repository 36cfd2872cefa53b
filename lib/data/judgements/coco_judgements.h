#pragma once

// Judgements of captions and images of COCO beyond the pairs that COCO has, as published:
//
// - Crisscrossed Captions (Parekh, Baldridge, Cer, Waters and Yang, EACL 2021): sits_val.csv and
//   sits_test.csv, columns caption, image, agg_score, sampling_method. A caption is
//   "COCO_val2014:sentid:NUMBER", an image its file name, a score how much of 0 to 5 the one tells
//   of the other.
// - ECCV Caption (Chun, Kim, Park, Chang and Oh, ECCV 2022): eccv_image_to_caption.json and
//   eccv_caption_to_image.json, one object each, from the number of a query to the list of the
//   numbers of all that are right for it.
//
// Numbers are COCO's own. Errors: DataError "file:line: expected ..., found ..." for records,
// "file:line:column: ..." where the JSON is malformed, "file: 'key': ..." for an entry of it that
// is no list of ids, and for a query or an id of its list that comes twice.

#include <filesystem>
#include <string>
#include <vector>

namespace alignlab {

/// A judgement by the ids that its file has.
struct NamedJudgement {
  std::string query;
  std::string candidate;
  float grade = 0;
};

struct NamedJudgements {
  std::vector<NamedJudgement> all;  // in the order of the file, at least one
  /// What the file has and `all` has not, and why: "... left out: 12". Empty where that is nothing.
  std::string left_out;
};

/// Captions are the queries, the score is the grade. Pairs with a score below `least` are left out.
NamedJudgements read_crisscrossed_captions(const std::filesystem::path& path, double least);

/// Grades are 1.
NamedJudgements read_eccv_caption(const std::filesystem::path& path);

/// What a data set may call the item that either file calls `id`: as importers of COCO's own files
/// name items, by number, and those of Karpathy's splits, images by file name.
std::vector<std::string> coco_spellings(const std::string& id);

}  // namespace alignlab
