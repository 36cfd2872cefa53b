#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "data/dataset.h"
#include "data/export.h"
#include "experiments/command_line.h"
#include "experiments/console.h"
#include "run/export_run.h"

namespace alignlab::cli {
namespace {

Section options_of(const CatalogRow& format, const std::vector<std::string>& words) {
  return resolve_arguments(key_value_words("export", words), format.options,
                           "alignlab export " + format.name);
}

}  // namespace

int export_data(const Arguments& arguments) {
  CommandLine line("export");
  line.add()("out", po::value<std::string>()->required(), "file or folder to make");
  line.add()("store", po::value<std::string>()->default_value("results/artifacts"),
             "where the embeddings of a run are");
  line.positional("a data set or a run, a format, and its options as key=value", 2, 100);
  if (!line.parse(arguments)) {
    fmt::print(
        "\nFormats and their options: 'alignlab list exports' for data sets, 'alignlab list "
        "run-exports' for runs.\n");
    return 0;
  }
  const std::filesystem::path source = line.words()[0];
  const std::filesystem::path out = line.get<std::string>("out");
  const std::vector<std::string> words(line.words().begin() + 2, line.words().end());
  std::error_code error;
  if (!std::filesystem::exists(source, error)) {
    throw DataError(fmt::format("{}: no such data set or run", source.string()));
  }
  const bool is_run = std::filesystem::is_directory(source);
  const CatalogRow& format = find_row(
      is_run ? run_export_catalog() : export_catalog(), line.words()[1],
      is_run ? "format for a run" : "format for a data set", Place{"alignlab export", 0, 0});
  const Section options = options_of(format, words);
  catch_interrupts();
  ConsoleProgress progress;
  std::vector<std::filesystem::path> written;
  if (is_run) {
    written =
        export_run({source, out, format.name, options}, line.get<std::string>("store"), progress);
  } else {
    const Dataset dataset = Dataset::open(source);
    dataset.file().verify();
    written = export_dataset(format.name, dataset, out, options, progress);
  }
  for (const std::filesystem::path& path : written) fmt::print("{}\n", path.string());
  return 0;
}

}  // namespace alignlab::cli
