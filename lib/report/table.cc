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

TableRow& row_named(ResultTable& table, const std::string& run, const std::string& name) {
  for (TableRow& row : table.rows) {
    if (row.run == run && row.name == name) return row;
  }
  table.rows.push_back({name, run, std::vector<Cell>(table.columns.size()), 0, 0, 0});
  return table.rows.back();
}

/// Three decimals for what is below one, two below ten, one for the rest: what a deviation over
/// seeds supports.
std::string shown(const Cell& cell, const char* plus_minus) {
  const auto mean = cell.mean();
  if (!mean) return kNothing;
  const auto deviation = cell.deviation();
  const int decimals = std::abs(*mean) < 1.0 ? 3 : std::abs(*mean) < 10.0 ? 2 : 1;
  if (!deviation) return fmt::format("{:.{}f}", *mean, decimals);
  return fmt::format("{:.{}f}{}{:.{}f}", *mean, decimals, plus_minus, *deviation, decimals);
}

/// Length as it shows: code points, so that "±" counts once.
std::size_t shown_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
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

/// One line of column groups over the columns they span, and one of column names.
std::string text_table(const ResultTable& table) {
  const std::size_t count = table.columns.size();
  std::vector<Heading> headings;
  for (const std::string& column : table.columns) headings.push_back(heading_of(column));
  std::size_t name_width = 0;
  std::vector<std::size_t> width(count);
  for (std::size_t c = 0; c < count; ++c) width[c] = headings[c].name.size();
  for (const TableRow& row : table.rows) {
    name_width = std::max(name_width, shown_width(row.name));
    for (std::size_t c = 0; c < count; ++c) {
      width[c] = std::max(width[c], shown_width(shown(row.cells[c], " ± ")));
    }
  }
  std::string groups(name_width, ' ');
  std::string names(name_width, ' ');
  for (std::size_t c = 0; c < count;) {
    std::size_t end = c;
    std::size_t span = 0;
    while (end < count && headings[end].group == headings[c].group) span += 2 + width[end++];
    std::string title = readable(headings[c].group);
    if (title.size() + 2 > span) {
      width[end - 1] += title.size() + 2 - span;
      span = title.size() + 2;
    }
    groups += "  " + padded_right(title, span - 2);
    for (; c < end; ++c) names += "  " + padded_left(headings[c].name, width[c]);
  }
  while (!groups.empty() && groups.back() == ' ') groups.pop_back();
  std::string out = fmt::format("{}\n\n{}\n{}\n", table.title, groups, names);
  for (const TableRow& row : table.rows) {
    out += padded_right(row.name, name_width);
    for (std::size_t c = 0; c < count; ++c) {
      out += "  " + padded_left(shown(row.cells[c], " ± "), width[c]);
    }
    out += '\n';
  }
  if (!table.notes.empty()) out += '\n';
  for (const std::string& note : table.notes) out += note + "\n";
  return out;
}

std::string markdown_table(const ResultTable& table) {
  std::string out = fmt::format("### {}\n\n|", table.title);
  for (const std::string& column : table.columns) {
    const Heading heading = heading_of(column);
    out += fmt::format(" | {}", heading.group.empty() ? heading.name
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
    for (const Cell& cell : row.cells) out += " | " + shown(cell, " ± ");
    out += " |\n";
  }
  for (const std::string& note : table.notes) out += "\n" + note + "\n";
  return out;
}

std::string latex_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': case '%': case '$': case '#': case '_': case '{': case '}':
        out += '\\';
        out += c;
        break;
      case '~': out += "\\textasciitilde{}"; break;
      case '^': out += "\\textasciicircum{}"; break;
      case '\\': out += "\\textbackslash{}"; break;
      default: out += c;
    }
  }
  return out;
}

std::string latex_table(const ResultTable& table) {
  std::string out = fmt::format("% {}\n\\begin{{tabular}}{{l{}}}\n\\toprule\n", latex_escaped(table.title),
                                std::string(table.columns.size(), 'r'));
  std::string groups, names;
  for (std::size_t c = 0; c < table.columns.size();) {
    const std::string group = heading_of(table.columns[c]).group;
    std::size_t end = c;
    while (end < table.columns.size() && heading_of(table.columns[end]).group == group) {
      names += " & " + latex_escaped(heading_of(table.columns[end]).name);
      ++end;
    }
    groups += fmt::format(" & \\multicolumn{{{}}}{{c}}{{{}}}", end - c, latex_escaped(readable(group)));
    c = end;
  }
  out += fmt::format("{} \\\\\n{} \\\\\n\\midrule\n", groups, names);
  for (const TableRow& row : table.rows) {
    out += latex_escaped(row.name);
    for (const Cell& cell : row.cells) {
      out += cell.mean() ? fmt::format(" & ${}$", shown(cell, " \\pm ")) : std::string(" & --");
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
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) return static_cast<double>(*integer);
  throw ConfigError(fmt::format("{}: {}: expected a number, found {}", node.place.text(), what,
                                node.kind_name()));
}

std::string toml_quoted(const std::string& text) { return nlohmann::json(text).dump(); }

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
    throw CheckError(fmt::format("the trials differ in what they are evaluated on ({}); "
                                 "--mix-protocols shows them in one table all the same",
                                 fmt::join(described, "; ")));
  }
  table.title = fmt::format("{} ({})", fmt::join(names, ", "), fmt::join(described, "; "));

  std::size_t missing = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (const PlannedTrial& trial : manifests[r].trials) {
      TableRow& row = row_named(table, manifests[r].name, trial.row);
      ++row.planned;
      const auto record = find_record(record_path(runs[r], trial.id));
      if (!record) {
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
                     fmt::format("mean ± sample deviation over {} seed{}",
                                 fmt::join(seeds, " or "),
                                 seeds.size() == 1 && *seeds.begin() == 1 ? "" : "s"));
  if (missing > 0) {
    table.notes.push_back(fmt::format("{} planned trial{} not run yet", missing,
                                      missing == 1 ? " is" : "s are"));
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
  const Node* tolerance = expected.find("tolerance");
  const Node* rows = expected.find("rows");
  if (rows == nullptr || !rows->is_table()) {
    throw ConfigError(fmt::format("{}: expected [rows.\"<name>\"] tables", expected.place.text()));
  }
  std::vector<std::string> out;
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
    const auto own = cells.table().find("tolerance");
    const Node* allowed_node = own != cells.table().end() ? &own->second : tolerance;
    const double allowed = allowed_node == nullptr ? 0.0 : number(*allowed_node, "tolerance");
    for (const auto& [column, value] : cells.table()) {
      if (column == "tolerance") continue;
      const double wanted = number(value, column);
      const auto place = std::ranges::find(table.columns, column);
      if (place == table.columns.end()) {
        out.push_back(fmt::format("row '{}': column '{}' is not in the table", name, column));
        continue;
      }
      const auto found = row->cells[static_cast<std::size_t>(place - table.columns.begin())].mean();
      if (!found || !(std::abs(*found - wanted) <= allowed)) {
        out.push_back(fmt::format("row '{}', {}: expected {} within {}, found {}", name, column,
                                  wanted, allowed, found ? fmt::format("{}", *found) : kNothing));
      }
    }
  }
  return out;
}

std::string as_expected(const ResultTable& table, double tolerance) {
  std::string out = fmt::format("# Means over seeds of: {}\ntolerance = {}\n", table.title, tolerance);
  for (const TableRow& row : table.rows) {
    out += fmt::format("\n[rows.{}]\n", toml_quoted(row.name));
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      if (const auto mean = row.cells[c].mean()) {
        out += fmt::format("{} = {}\n", toml_quoted(table.columns[c]), *mean);
      }
    }
  }
  return out;
}

}  // namespace alignlab
