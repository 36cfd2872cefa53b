#include <fmt/format.h>

#include <algorithm>

#include "data/import.h"
#include "experiments/command_line.h"
#include "experiments/console.h"

namespace alignlab::cli {
namespace {

/// "text_columns" of the catalog is --text-columns here.
std::string flag_of(std::string option) {
  std::ranges::replace(option, '_', '-');
  return option;
}

/// The format decides which options there are, so it comes first.
const CatalogRow* format_of(const Arguments& arguments) {
  if (arguments.empty() || arguments.front().starts_with('-')) return nullptr;
  return &find_row(format_catalog(), arguments.front(), "format", Place{"alignlab import", 0, 0});
}

Section format_options(const CommandLine& line, const CatalogRow& format) {
  std::vector<std::pair<std::string, std::string>> given;
  for (const Option& option : format.options) {
    const auto text = line.maybe<std::string>(flag_of(option.name));
    if (text) given.emplace_back(option.name, *text);
  }
  return resolve_arguments(given, format.options, "alignlab import " + format.name);
}

}  // namespace

int import_data(const Arguments& arguments) {
  CommandLine line("import");
  line.add()("out", po::value<std::string>()->required(), "the data set to write (.h5)");
  line.add()("images", po::value<std::string>(), "folder of the image files");
  line.add()("audio", po::value<std::string>(), "folder of the sound files");
  line.add()("judgements", po::value<std::string>(), "graded relevance, TREC qrels (coco)");
  line.add()("embed", "store encoded images and sounds in the data set rather than their paths");
  line.add()("missing", po::value<std::string>()->default_value("keep"),
             "what becomes of items whose file is missing: keep or drop");
  line.add()("replace", "replace a data set even where features were added to it");
  line.add()("split", po::value<std::string>(),
             "shares of train, dev and test such as 0.8,0.1,0.1, drawn by group");
  line.add()("split-seed", po::value<std::int64_t>(), "of that draw; 0 if it is not given");
  const CatalogRow* format = format_of(arguments);
  if (format != nullptr) {
    for (const Option& option : format->options) {
      line.add()(flag_of(option.name).c_str(), po::value<std::string>(), option.summary.c_str());
    }
  }
  line.positional("a format and its sources", 2, 100000);
  if (!line.parse(arguments)) {
    if (format == nullptr) {
      fmt::print(
          "\n'alignlab import FORMAT --help' shows the options of a format too, 'alignlab "
          "list formats' what formats there are.\n");
    }
    return 0;
  }
  if (format == nullptr) {
    throw UsageError("alignlab import: expected a format first, before the options");
  }
  ImportRequest request;
  for (std::size_t i = 1; i < line.words().size(); ++i) {
    request.sources.push_back(parse_import_source(line.words()[i]));
  }
  request.out = line.get<std::string>("out");
  request.images = line.path("images");
  request.audio = line.path("audio");
  request.judgements = line.path("judgements");
  request.embed = line.has("embed");
  request.replace = line.has("replace");
  const std::string missing = line.get<std::string>("missing");
  if (missing != "keep" && missing != "drop") {
    throw UsageError(
        fmt::format("alignlab import: --missing: expected keep or drop, found '{}'", missing));
  }
  request.drop_missing = missing == "drop";
  const auto seed = line.maybe<std::int64_t>("split-seed").value_or(0);
  if (line.has("split-seed") && !line.has("split")) {
    throw UsageError("alignlab import: --split-seed is of no use without --split");
  }
  if (seed < 0) {
    throw UsageError(
        fmt::format("alignlab import: --split-seed: expected 0 or more, found {}", seed));
  }
  if (line.has("split")) {
    request.split =
        parse_split_plan(line.get<std::string>("split"), static_cast<std::uint64_t>(seed));
  }
  request.options = format_options(line, *format);
  catch_interrupts();
  ConsoleProgress progress;
  const ImportSummary summary = import_dataset(format->name, request, progress);
  fmt::print("{}: {} images, {} sounds, {} texts, content {}\n", request.out.string(),
             summary.images, summary.audio, summary.texts, summary.content_hash);
  return 0;
}

}  // namespace alignlab::cli
