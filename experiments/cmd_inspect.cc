#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/dataset.h"
#include "doctor/doctor.h"
#include "experiments/command_line.h"
#include "experiments/console.h"
#include "run/worker_process.h"

namespace alignlab::cli {

int inspect_data(const Arguments& arguments) {
  CommandLine line("inspect");
  line.add()("json", "as JSON, for scripts");
  line.add()("strict", "exit 4 if a finding is an error");
  line.add()("decode", "decode every image and sound, rather than look at its container only");
  line.positional("a data set", 1, 1);
  if (!line.parse(arguments)) return 0;
  catch_interrupts();
  ConsoleProgress progress;
  const Dataset dataset = Dataset::open(line.words().front());
  dataset.file().verify();
  // Codecs are the worker's.
  const Inspection found =
      line.has("decode")
          ? inspection_from(run_job(worker_program(),
                                    {{"job", "inspect"}, {"dataset", dataset.path().string()}}, 1,
                                    progress))
          : inspect(dataset, progress);
  fmt::print("{}", line.has("json") ? to_json(found).dump(1) + "\n" : to_text(found));
  const bool fails = line.has("strict") && has_errors(found);
  return static_cast<int>(fails ? ExitCode::kCheck : ExitCode::kSuccess);
}

}  // namespace alignlab::cli
