#include <fmt/format.h>

#include "core/error.h"
#include "data/exports/exports.h"

namespace alignlab::exports {

Paths write_npy(const Job& job) {
  const Modality modality = modality_from(job.options.text("modality")).value();
  const std::string& split = job.options.text("split");
  const Items& items = job.dataset.items(modality);
  const std::vector<std::size_t> chosen = items_of(items, split);
  if (chosen.empty()) {
    throw DataError(fmt::format("{}: split {} has no {} items", job.dataset.path().string(), split,
                                name_of(modality)));
  }
  const Matrix all = job.dataset.features(modality, job.options.text("feature"));
  return write_rows_and_ids(job.out, rows_of(all, chosen), ids_of(items, chosen));
}

}  // namespace alignlab::exports
