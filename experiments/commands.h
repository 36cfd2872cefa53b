#pragma once

// The subcommands of `alignlab`, one file each. A command gets its own arguments, prints results
// to standard output, and returns an exit code or throws Error.

#include <string>
#include <vector>

namespace alignlab::cli {

using Arguments = std::vector<std::string>;

struct Command {
  const char* name;
  const char* usage;
  const char* summary;
  int (*run)(const Arguments&);
};

int list(const Arguments& arguments);
int generate(const Arguments& arguments);
int import_data(const Arguments& arguments);
int add_stored_features(const Arguments& arguments);
int add_stored_judgements(const Arguments& arguments);
int extract(const Arguments& arguments);
int export_data(const Arguments& arguments);
int inspect_data(const Arguments& arguments);
int run(const Arguments& arguments);
int score(const Arguments& arguments);
int table(const Arguments& arguments);
int compare(const Arguments& arguments);
int study(const Arguments& arguments);

/// In the order of --help.
const std::vector<Command>& commands();

}  // namespace alignlab::cli
