// The front program: parses the command line, prints errors as one line, and gives exit codes.

#include <fcntl.h>
#include <fmt/color.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "core/error.h"
#include "core/suggest.h"
#include "experiments/commands.h"
#include "experiments/console.h"
#include "record/provenance.h"

namespace alignlab::cli {
namespace {

void print_help() {
  fmt::print("alignlab: a laboratory for cross-modal alignment\n\nusage: alignlab COMMAND ...\n\n");
  for (const Command& command : commands())
    fmt::print("  {:<15} {}\n", command.name, command.summary);
  fmt::print(
      "\n'alignlab COMMAND --help' tells more. Exit codes: 0 success, 1 internal failure or a "
      "failed trial,\n2 usage or config, 3 bad data, 4 a check that does not hold, 130 "
      "interrupted.\n");
}

int dispatch(const Arguments& arguments) {
  if (arguments.empty()) {
    throw UsageError("alignlab: expected a command ('alignlab --help' lists them)");
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_help();
    return 0;
  }
  if (name == "--version") {
    fmt::print("alignlab 0.1.0 ({})\n", build_commit());
    return 0;
  }
  std::vector<std::string> known;
  for (const Command& command : commands()) {
    if (command.name == name) return command.run({arguments.begin() + 1, arguments.end()});
    known.emplace_back(command.name);
  }
  throw UsageError(fmt::format("alignlab: unknown command '{}'{}", name, suggestion(name, known)));
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> kCommands{
      {"list", "[aligners|features|metrics|formats|columns|sections|... [ROW]] [--json]",
       "what there is: every variant a config can name, with its options", list},
      {"generate", "scenes --out DIR [--images N] [--seed S]",
       "write the built-in data set of scenes as COCO-type files", generate},
      {"import", "FORMAT SOURCE... --out FILE.h5 [--images DIR]", "make a data set from files",
       import_data},
      {"add-features", "FILE.h5 --modality M --name NAME --matrix X [--key K] [--ids names.txt]",
       "store a feature matrix in a data set", add_stored_features},
      {"add-judgements",
       "FILE.h5 FORMAT SOURCE [--queries M] [--candidates M] [--replace] [--least S]",
       "store graded judgements of humans, or extra positives, in a data set",
       add_stored_judgements},
      {"extract", "FILE.h5 --modality M --kind K [--name NAME] [-j N] [key=value ...]",
       "make features of every item and store them in the data set", extract},
      {"export", "FILE.h5|RUN FORMAT --out PATH [key=value ...]",
       "write a data set or the embeddings of a run for other programs", export_data},
      {"inspect", "FILE.h5 [--json] [--strict] [--decode]",
       "count what is in a data set and find what is wrong with it", inspect_data},
      {"run", "CONFIG.toml [key=value ...] [--out DIR] [-j N] [--dry-run] [--fail-fast]",
       "run the trials of a config that have not run yet", run},
      {"score", "--queries A --candidates B | --run F --qrels F [--metrics ...] [--json]",
       "evaluate anyone's embeddings or rankings", score},
      {"table", "RUN... [--format text|markdown|latex|csv|json] [--check EXPECTED.toml]",
       "tabulate the records of runs", table},
      {"compare", "RUN --a ROW [--b ROW ...] [--metric NAME,...] [--json]",
       "tell whether rows of a table differ by more than chance", compare},
      {"study", "RUN... [--metric NAME,...] [--level L] [--json]",
       "tell where variance comes from, how rows rank, and which metrics disagree", study},
  };
  return kCommands;
}

}  // namespace alignlab::cli

int main(int count, char** values) {
  using namespace alignlab;
  // Where a standard stream is closed, the next file opened would take its number.
  while (true) {
    const int descriptor = ::open("/dev/null", O_RDWR);
    if (descriptor > STDERR_FILENO || descriptor < 0) {
      ::close(descriptor);
      break;
    }
  }
  try {
    const int code = cli::dispatch({values + 1, values + count});
    std::fflush(stdout);
    // A full disk or a closed pipe must not look like success.
    if (std::ferror(stdout) != 0 || !std::cout.flush())
      return static_cast<int>(ExitCode::kInternal);
    return code;
  } catch (const Error& error) {
    cli::print_error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    cli::print_error(fmt::format("internal failure: {}", error.what()));
    return static_cast<int>(ExitCode::kInternal);
  }
}
