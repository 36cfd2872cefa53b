#include <fmt/format.h>

#include <algorithm>

#include "config/options.h"
#include "core/files.h"
#include "eval/compatibility.h"
#include "experiments/command_line.h"
#include "experiments/console.h"
#include "report/table.h"
#include "report/table_compatibility.h"
#include "report/table_uncertainty.h"

namespace alignlab::cli {
int table(const Arguments& arguments) {
  CommandLine line("table");
  line.add()("format", po::value<std::string>()->default_value("text"),
             "text, markdown, latex, csv (long form, unrounded) or json");
  line.add()("columns", po::value<std::vector<std::string>>()->composing(),
             "instead of the config's, e.g. image_to_text.R@1,rsum ('alignlab list columns'); the "
             "option may be repeated");
  line.add()("mix-protocols",
             "tabulate trials together that are evaluated on different things: protocols, splits, "
             "modalities or data sets");
  line.add()("intervals",
             "show 95 % intervals of queries drawn anew in place of deviations over seeds");
  line.add()("mark-best", "mark the best of each column and all not significantly worse");
  line.add()("metric-compat", po::value<std::string>(),
             "vsepp, clip_benchmark or trec: beside, what that program would print");
  line.add()("check", po::value<std::string>(),
             "compare with expected values; exit 4 if they differ");
  line.add()("write-expected", po::value<std::string>(), "write the means as a file for --check");
  line.add()(
      "least-margin", po::value<double>()->default_value(0.0),
      "for --write-expected: margins are three deviations over seeds, or this if it is more");
  line.positional("at least one run folder", 1, 1000);
  if (!line.parse(arguments)) return 0;
  const std::string format = line.get<std::string>("format");
  std::vector<CatalogRow> formats;
  for (const std::string& name : kTableFormats) formats.push_back({name, "", {}});
  find_row(formats, format, "format", Place{"alignlab table", 0, 0});
  const auto program = line.maybe<std::string>("metric-compat");
  if (program) {
    find_row(compatibility_catalog(), *program, "program", Place{"alignlab table", 0, 0});
  }
  const auto check = line.path("check");
  // Like other files of data; what stands in it is checked as a config is.
  const Node expected =
      check ? parse_toml(read_file(*check), check->string()) : Node{Node::Table{}, {}};
  ResultTable made = make_table({line.words().begin(), line.words().end()},
                                split_names(line, "columns"), line.has("mix-protocols"));
  if ((line.has("intervals") || line.has("mark-best") || program) &&
      (line.words().size() > 1 || line.has("mix-protocols"))) {
    throw UsageError(
        "alignlab table: --intervals, --mark-best and --metric-compat: expected one run of one "
        "protocol");
  }
  if (line.has("intervals")) add_intervals(made, line.words().front());
  if (line.has("mark-best")) mark_best(made, line.words().front());
  if (program) add_compatible(made, line.words().front(), *program);
  fmt::print("{}", render(made, format));
  if (const auto path = line.path("write-expected")) {
    const double least_margin = line.get<double>("least-margin");
    write_file_atomically(*path, as_expected(made, least_margin));
    const auto is_alone = [](const TableRow& row) { return row.seeds < 2; };
    if (least_margin <= 0.0 && std::ranges::any_of(made.rows, is_alone)) {
      print_notice(fmt::format(
          "{}: one seed has no deviation, so its margins are 0; --least-margin sets another",
          path->string()));
    }
  }
  if (check) {
    const std::vector<std::string> differing = differences(made, expected);
    for (const std::string& difference : differing) {
      print_error(check->string() + ": " + difference);
    }
    if (!differing.empty()) return static_cast<int>(ExitCode::kCheck);
    print_notice(fmt::format("every value of {} holds", check->string()));
  }
  return 0;
}

}  // namespace alignlab::cli
