#include <fmt/format.h>

#include "data/import.h"
#include "experiments/command_line.h"
#include "experiments/console.h"

namespace alignlab::cli {

int add_stored_features(const Arguments& arguments) {
  CommandLine line("add-features");
  line.add()("modality", po::value<std::string>()->required(), "image, audio or text");
  line.add()("name", po::value<std::string>()->required(), "what a config calls it");
  line.add()("matrix", po::value<std::string>()->required(),
             "one row an item, real numbers: .npy, .npz, safetensors, MATLAB 5 or 7.3, HDF5");
  line.add()("key", po::value<std::string>(), "the matrix in a file that holds several");
  line.add()("ids", po::value<std::string>(),
             "one item id a line; without it rows are items in order");
  line.positional("a data set", 1, 1);
  if (!line.parse(arguments)) return 0;
  const std::string wanted = line.get<std::string>("modality");
  const Modality modality = modality_argument("add-features", wanted);
  catch_interrupts();
  ConsoleProgress progress;
  add_features({line.words().front(), modality, line.get<std::string>("name"),
                line.get<std::string>("matrix"), line.maybe<std::string>("key").value_or(""),
                line.path("ids")},
               progress);
  fmt::print("{}: {} feature '{}' added\n", line.words().front(), wanted,
             line.get<std::string>("name"));
  return 0;
}

}  // namespace alignlab::cli
