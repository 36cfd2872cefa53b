#include "run/kernels.h"

#include <algorithm>

#include "search/approximate.h"
#include "search/search.h"

namespace alignlab {
namespace {

const std::string kPrefix = "kernel_";

}  // namespace

std::vector<CatalogRow> all_kernels() {
  std::vector<CatalogRow> out = kernel_catalog();
  for (const CatalogRow& row : approximate_kernel_catalog()) out.push_back(row);
  std::ranges::sort(out, {}, &CatalogRow::name);
  return out;
}

bool is_exact_kernel(const std::string& name) {
  return std::ranges::find(kernel_catalog(), name, &CatalogRow::name) != kernel_catalog().end();
}

const Options& kernel_options() {
  static const Options kOptions = [] {
    Options out;
    for (const CatalogRow& row : approximate_kernel_catalog()) {
      for (Option option : row.options) {
        option.name = kPrefix + option.name;
        if (std::ranges::find(out, option.name, &Option::name) != out.end()) continue;
        option.summary = row.name + ": " + option.summary;
        out.push_back(std::move(option));
      }
    }
    return out;
  }();
  return kOptions;
}

std::vector<std::string> kernels_that_read(const std::string& option) {
  std::vector<std::string> out;
  for (const CatalogRow& row : approximate_kernel_catalog()) {
    for (const Option& own : row.options) {
      if (kPrefix + own.name == option) out.push_back(row.name);
    }
  }
  return out;
}

Section told_to_kernel(const Section& eval) {
  Section out;
  for (const CatalogRow& row : approximate_kernel_catalog()) {
    if (row.name != eval.text("kernel")) continue;
    for (const Option& option : row.options) {
      out.set(option.name, eval.values().at(kPrefix + option.name));
    }
  }
  return out;
}

}  // namespace alignlab
