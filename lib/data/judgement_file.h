#pragma once

// Human judgements of whether a caption describes an image, as Flickr8k has them (Hodosh, Young and
// Hockenmaier, "Framing Image Description as a Ranking Task", JAIR 47, 2013). Lines are tab
// separated: the image's file name, the caption's id "<image>#<number>", and
// - ExpertAnnotations.txt: three ratings, whole numbers 1 to 4;
// - CrowdFlowerAnnotations.txt: the share of yes, 0 to 1, and the numbers of yes and of no.
// Which of both a file is shows in its first line: no line can be both.
//
// Errors: DataError "file:line: expected ..., found ..." for a line that is not of the file's
// format, also where the share is not that of the votes; "file: ..." for a file without judgements;
// and what LineReader refuses. Empty lines are skipped, and any line end will do.

#include <filesystem>
#include <string>
#include <vector>

namespace alignlab {

enum class JudgementFormat { kExpert, kCrowd };

struct HumanJudgement {
  std::string image;
  std::string caption;
  double rating = 0.0;          // of an expert, or the crowd's share of yes
  bool is_own_caption = false;  // the caption was written for this image
};

struct JudgementFile {
  JudgementFormat format = JudgementFormat::kExpert;
  /// In the order of the file. Each rating of an expert is one: three a line, in their order.
  std::vector<HumanJudgement> judgements;
};

JudgementFile read_judgement_file(const std::filesystem::path& path);

/// What a measure is commonly correlated with. Of experts, with Kendall's tau-c, the judgements of
/// captions of other images (Anderson, Fernando, Johnson and Gould, "SPICE", ECCV 2016); of the
/// crowd, with tau-b, all (Hessel et al., "CLIPScore", EMNLP 2021).
std::vector<HumanJudgement> commonly_judged(JudgementFile file);

}  // namespace alignlab
