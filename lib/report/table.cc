#include "report/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "record/manifest.h"
#include "record/trial_record.h"

namespace alignlab {
namespace {

constexpr const char* kNothing = "n/a";
constexpr const char* kPlusMinus = " ± ";
constexpr std::size_t kPageWidth = 120;
// How far a mean may lie from the expected one, in deviations over seeds: another machine type
// rounds training differently, which is like drawing another seed.
constexpr double kDeviationsAllowed = 3.0;

/// A row of several runs says of which, and one of several protocols says which.
std::string row_name(const PlannedTrial& trial, const std::string& run, std::size_t protocols) {
  std::string name = run.empty() ? trial.row : run + ": " + trial.row;
  if (protocols > 1) name += fmt::format(" [{}, {}]", trial.protocol, trial.split);
  return name;
}

TableRow& row_named(ResultTable& table, const std::string& run, const std::string& name) {
  for (TableRow& row : table.rows) {
    if (row.run == run && row.name == name) return row;
  }
  table.rows.push_back({name, run, std::vector<Cell>(table.columns.size()), 0, 0, 0});
  return table.rows.back();
}

/// The decimals of a column: one where it reaches ten, two where it reaches one, else three. All
/// its cells have the same, so that they can be compared by eye.
int decimals_of(const ResultTable& table, std::size_t column) {
  double largest = 0.0;
  for (const TableRow& row : table.rows) {
    if (const auto mean = row.cells[column].mean()) largest = std::max(largest, std::abs(*mean));
  }
  return largest >= 10.0 ? 1 : largest >= 1.0 ? 2 : 3;
}

std::string shown(const ResultTable& table, const TableRow& row, std::size_t column,
                  const char* plus_minus) {
  const Cell& cell = row.cells[column];
  const auto mean = cell.mean();
  if (!mean) return kNothing;
  const int decimals = decimals_of(table, column);
  const auto deviation = cell.deviation();
  if (!deviation) return fmt::format("{:.{}f}", *mean, decimals);
  return fmt::format("{:.{}f}{}{:.{}f}", *mean, decimals, plus_minus, *deviation, decimals);
}

/// Length as it shows: code points, so that "±" counts once.
std::size_t shown_width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded_left(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, shown_width(text)), ' ') + text;
}

std::string padded_right(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, shown_width(text)), ' ');
}

struct Heading {
  std::string group;  // "image_to_text"
  std::string name;   // "R@1"
};

Heading heading_of(const std::string& column) {
  const std::size_t dot = column.find('.');
  if (dot == std::string::npos) return {"", column};
  const std::string group = column.substr(0, dot);
  return {group == "both" ? "" : group, column.substr(dot + 1)};
}

std::string readable(std::string text) {
  std::ranges::replace(text, '_', ' ');
  return text;
}

/// Columns of one direction, from `first` to before `end`.
struct Group {
  std::string title;
  std::size_t first;
  std::size_t end;
};

std::vector<Group> groups_of(const ResultTable& table) {
  std::vector<Group> groups;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const std::string title = readable(heading_of(table.columns[c]).group);
    if (groups.empty() || groups.back().title != title) groups.push_back({title, c, c});
    groups.back().end = c + 1;
  }
  return groups;
}

/// Groups side by side while they fit a page, else one below the other; each block is a line of
/// group titles, a line of column names, and the rows.
std::string text_table(const ResultTable& table) {
  std::size_t name_width = 0;
  for (const TableRow& row : table.rows) name_width = std::max(name_width, shown_width(row.name));
  std::vector<std::size_t> width;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    width.push_back(heading_of(table.columns[c]).name.size());
    for (const TableRow& row : table.rows) {
      width[c] = std::max(width[c], shown_width(shown(table, row, c, kPlusMinus)));
    }
  }
  std::vector<std::vector<Group>> blocks;
  std::size_t used = 0;
  for (const Group& group : groups_of(table)) {
    std::size_t span = 0;
    for (std::size_t c = group.first; c < group.end; ++c) span += 2 + width[c];
    if (group.title.size() + 2 > span) {
      width[group.end - 1] += group.title.size() + 2 - span;
      span = group.title.size() + 2;
    }
    if (blocks.empty() || used + span > kPageWidth) {
      blocks.emplace_back();
      used = name_width;
    }
    blocks.back().push_back(group);
    used += span;
  }

  std::string out = table.title + "\n";
  for (const std::vector<Group>& block : blocks) {
    std::string titles(name_width, ' ');
    std::string names(name_width, ' ');
    std::vector<std::string> lines;
    for (const TableRow& row : table.rows) lines.push_back(padded_right(row.name, name_width));
    for (const Group& group : block) {
      std::size_t span = 0;
      for (std::size_t c = group.first; c < group.end; ++c) {
        span += 2 + width[c];
        names += "  " + padded_left(heading_of(table.columns[c]).name, width[c]);
        for (std::size_t r = 0; r < lines.size(); ++r) {
          lines[r] += "  " + padded_left(shown(table, table.rows[r], c, kPlusMinus), width[c]);
        }
      }
      titles += "  " + padded_right(group.title, span - 2);
    }
    while (!titles.empty() && titles.back() == ' ') titles.pop_back();
    out += titles.empty() ? "\n" : "\n" + titles + "\n";
    out += fmt::format("{}\n{}\n", names, fmt::join(lines, "\n"));
  }
  if (!table.notes.empty()) out += '\n';
  for (const std::string& note : table.notes) out += note + "\n";
  return out;
}

std::string markdown_table(const ResultTable& table) {
  std::string out = fmt::format("### {}\n\n|", table.title);
  for (const std::string& column : table.columns) {
    const Heading heading = heading_of(column);
    out +=
        fmt::format(" | {}", heading.group.empty() ? heading.name
                                                   : readable(heading.group) + " " + heading.name);
  }
  out += " |\n|---|" + [&] {
    std::string rule;
    for (std::size_t c = 0; c < table.columns.size(); ++c) rule += "---:|";
    return rule;
  }() + "\n";
  for (const TableRow& row : table.rows) {
    std::string name;
    for (const char c : row.name) name += c == '|' ? std::string("\\|") : std::string(1, c);
    out += "| " + name;
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      out += " | " + shown(table, row, c, kPlusMinus);
    }
    out += " |\n";
  }
  for (const std::string& note : table.notes) out += "\n" + note + "\n";
  return out;
}

std::string latex_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        out += '\\';
        out += c;
        break;
      case '~':
        out += "\\textasciitilde{}";
        break;
      case '^':
        out += "\\textasciicircum{}";
        break;
      case '\\':
        out += "\\textbackslash{}";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string latex_table(const ResultTable& table) {
  std::string out = fmt::format("% {}\n\\begin{{tabular}}{{l{}}}\n\\toprule\n",
                                latex_escaped(table.title), std::string(table.columns.size(), 'r'));
  std::string groups, names;
  for (const Group& group : groups_of(table)) {
    groups += fmt::format(" & \\multicolumn{{{}}}{{c}}{{{}}}", group.end - group.first,
                          latex_escaped(group.title));
    for (std::size_t c = group.first; c < group.end; ++c) {
      names += " & " + latex_escaped(heading_of(table.columns[c]).name);
    }
  }
  out += fmt::format("{} \\\\\n{} \\\\\n\\midrule\n", groups, names);
  for (const TableRow& row : table.rows) {
    out += latex_escaped(row.name);
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      out += row.cells[c].mean() ? fmt::format(" & ${}$", shown(table, row, c, " \\pm "))
                                 : std::string(" & --");
    }
    out += " \\\\\n";
  }
  out += "\\bottomrule\n\\end{tabular}\n";
  for (const std::string& note : table.notes) out += "% " + note + "\n";
  return out;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

/// One line a row and column, unrounded: what a spreadsheet or a script pivots as it likes.
std::string csv_table(const ResultTable& table) {
  std::string out = "run,row,column,mean,deviation,seeds\n";
  for (const TableRow& row : table.rows) {
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const Cell& cell = row.cells[c];
      const auto number = [](const std::optional<double>& value) {
        return value ? fmt::format("{}", *value) : std::string();
      };
      out += fmt::format("{},{},{},{},{},{}\n", csv_field(row.run), csv_field(row.name),
                         csv_field(table.columns[c]), number(cell.mean()), number(cell.deviation()),
                         cell.values.size());
    }
  }
  return out;
}

std::string json_table(const ResultTable& table) {
  using Json = nlohmann::json;
  Json rows = Json::array();
  for (const TableRow& row : table.rows) {
    Json cells = Json::object();
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const Cell& cell = row.cells[c];
      Json shown_cell{{"values", cell.values}};
      if (const auto mean = cell.mean()) shown_cell["mean"] = *mean;
      if (const auto deviation = cell.deviation()) shown_cell["deviation"] = *deviation;
      cells[table.columns[c]] = shown_cell;
    }
    rows.push_back({{"name", row.name},
                    {"run", row.run},
                    {"seeds", row.seeds},
                    {"planned", row.planned},
                    {"failed", row.failed},
                    {"cells", cells}});
  }
  return Json{{"schema", 1},
              {"title", table.title},
              {"columns", table.columns},
              {"rows", rows},
              {"notes", table.notes}}
             .dump(1) +
         "\n";
}

double number(const Node& node, const std::string& what) {
  if (const auto* real = std::get_if<double>(&node.value)) return *real;
  if (const auto* integer = std::get_if<std::int64_t>(&node.value))
    return static_cast<double>(*integer);
  throw ConfigError(fmt::format("{}: {}: expected a number, found {}", node.place.text(), what,
                                node.kind_name()));
}

std::string toml_quoted(const std::string& text) { return nlohmann::json(text).dump(); }

/// What a cell should be: a number, or { mean = number, within = number }.
struct Expectation {
  double mean;
  double within;
};

Expectation expectation(const Node& value, const std::string& column) {
  if (!value.is_table()) return {number(value, column), 0.0};
  const Node* mean = value.find("mean");
  const Node* within = value.find("within");
  if (mean == nullptr || within == nullptr || value.table().size() != 2) {
    throw ConfigError(
        fmt::format("{}: {}: expected a number or {{ mean, within }}", value.place.text(), column));
  }
  return {number(*mean, column + ".mean"), number(*within, column + ".within")};
}

/// The shortest text that reads back as the same double, with a point as TOML wants for 1e-300.
std::string toml_number(double value) { return nlohmann::json(value).dump(); }

}  // namespace

std::optional<double> Cell::mean() const {
  if (values.empty()) return std::nullopt;
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::optional<double> Cell::deviation() const {
  if (values.size() < 2) return std::nullopt;
  double squares = 0.0;
  for (const double value : values) squares += (value - *mean()) * (value - *mean());
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

ResultTable make_table(const std::vector<std::filesystem::path>& runs,
                       const std::vector<std::string>& columns, bool mix_protocols) {
  std::set<std::filesystem::path> folders;
  for (const auto& run : runs) {
    if (!folders.insert(std::filesystem::weakly_canonical(run)).second) {
      throw UsageError(fmt::format("{}: given twice; its seeds would count twice", run.string()));
    }
  }
  ResultTable table;
  std::set<std::pair<std::string, std::string>> protocols;
  std::vector<std::string> names;
  std::vector<Manifest> manifests;
  for (const auto& run : runs) {
    manifests.push_back(read_manifest(run));
    names.push_back(manifests.back().name);
    for (const PlannedTrial& trial : manifests.back().trials) {
      protocols.emplace(trial.protocol, trial.split);
    }
  }
  table.columns = columns.empty() ? manifests.front().columns : columns;
  std::vector<std::string> described;
  for (const auto& [protocol, split] : protocols) {
    described.push_back(fmt::format("protocol {} on {}", protocol, split));
  }
  if (protocols.size() > 1 && !mix_protocols) {
    throw CheckError(
        fmt::format("the trials differ in what they are evaluated on ({}); "
                    "--mix-protocols shows them in one table all the same",
                    fmt::join(described, "; ")));
  }
  table.title = fmt::format("{} ({})", fmt::join(names, ", "), fmt::join(described, "; "));

  std::vector<std::string> run_names;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    // Runs of one name are told apart by their folders.
    const bool shared = std::ranges::count(names, names[r]) > 1;
    run_names.push_back(shared ? runs[r].string() : names[r]);
  }
  std::size_t missing = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (const PlannedTrial& trial : manifests[r].trials) {
      TableRow& row =
          row_named(table, run_names[r],
                    row_name(trial, runs.size() > 1 ? run_names[r] : "", protocols.size()));
      ++row.planned;
      const auto record = find_record(record_path(runs[r], trial.id));
      if (!record || record->id != trial.id) {
        ++missing;
        continue;
      }
      if (!record->ok()) {
        ++row.failed;
        table.notes.push_back(
            fmt::format("{}, seed {}: failed: {}", trial.row, trial.seed, record->error));
        continue;
      }
      ++row.seeds;
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        if (const auto value = value_of(*record, table.columns[c])) {
          row.cells[c].values.push_back(*value);
        }
      }
    }
  }
  std::set<std::size_t> seeds;
  for (const TableRow& row : table.rows) seeds.insert(row.seeds);
  table.notes.insert(table.notes.begin(),
                     fmt::format("mean ± sample deviation over {} seed{}", fmt::join(seeds, " or "),
                                 seeds.size() == 1 && *seeds.begin() == 1 ? "" : "s"));
  if (missing > 0) {
    table.notes.push_back(
        fmt::format("{} planned trial{} not run yet", missing, missing == 1 ? " is" : "s are"));
  }
  return table;
}

std::string render(const ResultTable& table, const std::string& format) {
  if (format == "markdown") return markdown_table(table);
  if (format == "latex") return latex_table(table);
  if (format == "csv") return csv_table(table);
  if (format == "json") return json_table(table);
  return text_table(table);
}

std::vector<std::string> differences(const ResultTable& table, const Node& expected) {
  const Node* rows = expected.find("rows");
  if (rows == nullptr || !rows->is_table()) {
    throw ConfigError(fmt::format("{}: expected [rows.\"<name>\"] tables", expected.place.text()));
  }
  std::vector<std::string> out;
  std::size_t compared = 0;
  for (const auto& [name, cells] : rows->table()) {
    if (!cells.is_table()) {
      throw ConfigError(fmt::format("{}: rows.{}: expected a table, found {}", cells.place.text(),
                                    toml_quoted(name), cells.kind_name()));
    }
    const auto row = std::ranges::find(table.rows, name, &TableRow::name);
    if (row == table.rows.end()) {
      out.push_back(fmt::format("row '{}': expected, not in the table", name));
      continue;
    }
    for (const auto& [column, value] : cells.table()) {
      const Expectation wanted = expectation(value, column);
      ++compared;
      const auto place = std::ranges::find(table.columns, column);
      if (place == table.columns.end()) {
        out.push_back(fmt::format("row '{}': column '{}' is not in the table", name, column));
        continue;
      }
      const auto found = row->cells[static_cast<std::size_t>(place - table.columns.begin())].mean();
      if (!found || !(std::abs(*found - wanted.mean) <= wanted.within)) {
        out.push_back(fmt::format("row '{}', {}: expected {} within {}, found {}", name, column,
                                  wanted.mean, wanted.within,
                                  found ? fmt::format("{}", *found) : kNothing));
      }
    }
  }
  if (compared == 0 && out.empty()) {
    throw ConfigError(fmt::format("{}: expects no value at all", expected.place.text()));
  }
  return out;
}

std::string as_expected(const ResultTable& table, double least_margin) {
  for (const TableRow& row : table.rows) {
    if (row.seeds < row.planned) {
      throw CheckError(
          fmt::format("row '{}' has {} of {} trials: expected values come from a "
                      "finished run",
                      row.name, row.seeds, row.planned));
    }
  }
  std::string out = fmt::format("# Means over seeds of: {}\n", table.title);
  for (const TableRow& row : table.rows) {
    out += fmt::format("\n[rows.{}]\n", toml_quoted(row.name));
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const auto mean = row.cells[c].mean();
      if (!mean) continue;
      const double margin =
          std::max(least_margin, kDeviationsAllowed * row.cells[c].deviation().value_or(0.0));
      out += fmt::format("{} = {{ mean = {}, within = {} }}\n", toml_quoted(table.columns[c]),
                         toml_number(*mean), toml_number(margin));
    }
  }
  return out;
}

}  // namespace alignlab
