#pragma once

// Graded judgements for a data set that is there already: what people said of its pairs, or pairs
// that are right beside its own. The data set is copied with them, and the copy put in place; until
// then, and after a failure, the data set is as it was. Two that store at the same time do so one
// after the other. How a reader of published files finds the items that they name is in its header.
//
// Entries are sorted by query and candidate; those of one pair keep the order of the file, since
// each of several ratings is an entry. Judgements of items that the data set does not have are left
// out, and one warning counts them: the files cover splits that an import may lack.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/modality.h"
#include "core/progress.h"

namespace alignlab {

struct JudgementRow {
  std::string name;
  std::string summary;
  std::string reference;  // who defined the format, or who published the files
  Options options = {};
};

/// The formats of `alignlab add-judgements`.
const std::vector<JudgementRow>& judgement_catalog();

struct AddJudgementsRequest {
  std::filesystem::path dataset;
  std::string format;
  std::filesystem::path source;
  /// Which side asks. By default captions ask for images, but where the file says otherwise.
  std::optional<Modality> queries = {};
  std::optional<Modality> candidates = {};
  Section options = {};  // of the format
  bool replace = false;  // judgements that are there
};

struct AddedJudgements {
  std::size_t count = 0;
  Modality queries = Modality::kText;
  Modality candidates = Modality::kImage;
};

/// UsageError with a suggestion for an unknown format, and for modalities that the format does not
/// judge. DataError when there are judgements already (unless `replace`), when the file has no
/// judgement of items of the data set, and where the data set is damaged.
AddedJudgements add_judgements(const AddJudgementsRequest& request, Progress& progress);

}  // namespace alignlab
