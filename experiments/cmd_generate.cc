#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/options.h"
#include "experiments/command_line.h"
#include "experiments/console.h"
#include "run/worker_process.h"

namespace alignlab::cli {

int generate(const Arguments& arguments) {
  CommandLine line("generate");
  line.add()("out", po::value<std::string>()->required(), "folder to make");
  line.add()("images", po::value<int>()->default_value(2000), "how many scenes, 10 to 1,000,000");
  line.add()("seed", po::value<std::int64_t>()->default_value(0), "same seed, same bytes");
  line.add()("size", po::value<int>()->default_value(64), "pixels of a picture's side, 32 to 1024");
  line.positional("what to generate: scenes", 1, 1);
  if (!line.parse(arguments)) return 0;
  const auto seed = line.get<std::int64_t>("seed");
  if (seed < 0) {
    throw UsageError(fmt::format("alignlab generate: --seed: expected 0 or more, found {}", seed));
  }
  const std::vector<CatalogRow> kinds{{"scenes", "", {}}};
  find_row(kinds, line.words().front(), "generator", Place{"alignlab generate", 0, 0});
  catch_interrupts();
  ConsoleProgress progress;
  run_job(worker_program(),
          {{"job", "generate-scenes"},
           {"out", line.get<std::string>("out")},
           {"images", line.get<int>("images")},
           {"seed", seed},
           {"size", line.get<int>("size")}},
          1, progress);
  fmt::print("{}\n", line.get<std::string>("out"));
  return 0;
}

}  // namespace alignlab::cli
