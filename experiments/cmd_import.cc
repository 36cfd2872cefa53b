#include <fmt/format.h>

#include "data/import.h"
#include "experiments/command_line.h"
#include "experiments/console.h"

namespace alignlab::cli {

int import_data(const Arguments& arguments) {
  CommandLine line("import");
  line.add()("out", po::value<std::string>()->required(), "the data set to write (.h5)");
  line.add()("images", po::value<std::string>(), "folder of the image files");
  line.add()("audio", po::value<std::string>(), "folder of the sound files (coco)");
  line.add()("judgements", po::value<std::string>(), "graded relevance, TREC qrels (coco)");
  line.add()("embed", "store encoded images and sounds in the data set rather than their paths");
  line.positional("a format and its sources", 2, 1000);
  if (!line.parse(arguments)) return 0;
  ImportRequest request;
  request.sources.assign(line.words().begin() + 1, line.words().end());
  request.out = line.get<std::string>("out");
  request.images = line.path("images");
  request.audio = line.path("audio");
  request.judgements = line.path("judgements");
  request.embed = line.has("embed");
  catch_interrupts();
  ConsoleProgress progress;
  const ImportSummary summary = import_dataset(line.words().front(), request, progress);
  fmt::print("{}: {} images, {} sounds, {} texts, content {}\n", request.out.string(),
             summary.images, summary.audio, summary.texts, summary.content_hash);
  return 0;
}

}  // namespace alignlab::cli
