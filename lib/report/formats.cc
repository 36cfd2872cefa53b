#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/table.h"

namespace alignlab {
namespace {

constexpr const char* kNothing = "n/a";
constexpr const char* kPlusMinus = " ± ";
constexpr std::size_t kPageWidth = 120;

/// The decimals of a column: one where it reaches ten, two where it reaches one, else three. All
/// its cells have the same, so that they can be compared by eye.
int decimals_of(const ResultTable& table, std::size_t column) {
  double largest = 0.0;
  for (const TableRow& row : table.rows) {
    if (const auto mean = row.cells[column].mean()) largest = std::max(largest, std::abs(*mean));
  }
  return largest >= 10.0 ? 1 : largest >= 1.0 ? 2 : 3;
}

bool has_marks(const ResultTable& table) {
  return std::ranges::any_of(table.rows, [](const TableRow& row) {
    return std::ranges::any_of(row.cells, &Cell::is_marked);
  });
}

std::string shown(const ResultTable& table, const TableRow& row, std::size_t column,
                  const char* plus_minus) {
  const Cell& cell = row.cells[column];
  const auto mean = cell.mean();
  if (!mean) return kNothing;
  const int decimals = decimals_of(table, column);
  if (cell.interval) {
    return fmt::format("{:.{}f} [{:.{}f}, {:.{}f}]", *mean, decimals, cell.interval->low, decimals,
                       cell.interval->high, decimals);
  }
  const auto deviation = cell.deviation();
  if (!deviation) return fmt::format("{:.{}f}", *mean, decimals);
  return fmt::format("{:.{}f}{}{:.{}f}", *mean, decimals, plus_minus, *deviation, decimals);
}

/// With a place for the mark in every cell, where some are marked.
std::string marked_text(const ResultTable& table, const TableRow& row, std::size_t column) {
  const std::string text = shown(table, row, column, kPlusMinus);
  if (!has_marks(table)) return text;
  return text + (row.cells[column].is_marked ? '^' : ' ');
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
      width[c] = std::max(width[c], shown_width(marked_text(table, row, c)));
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
          lines[r] += "  " + padded_left(marked_text(table, table.rows[r], c), width[c]);
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
      const char* emphasis = row.cells[c].is_marked ? "**" : "";
      out += fmt::format(" | {0}{1}{0}", emphasis, shown(table, row, c, kPlusMinus));
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
      const std::string text = shown(table, row, c, " \\pm ");
      out += !row.cells[c].mean()     ? std::string(" & --")
             : row.cells[c].is_marked ? fmt::format(" & $\\mathbf{{{}}}$", text)
                                      : fmt::format(" & ${}$", text);
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
      if (cell.interval) shown_cell["interval"] = {cell.interval->low, cell.interval->high};
      if (cell.is_marked) shown_cell["marked"] = true;
      cells[table.columns[c]] = shown_cell;
    }
    Json shown_row{{"name", row.name},       {"run", row.run},       {"seeds", row.seeds},
                   {"planned", row.planned}, {"failed", row.failed}, {"cells", cells}};
    if (row.is_published()) shown_row["source"] = row.source;
    rows.push_back(std::move(shown_row));
  }
  return Json{{"schema", 1},
              {"title", table.title},
              {"columns", table.columns},
              {"rows", rows},
              {"notes", table.notes}}
             .dump(1) +
         "\n";
}
}  // namespace

std::string render(const ResultTable& table, const std::string& format) {
  if (format == "markdown") return markdown_table(table);
  if (format == "latex") return latex_table(table);
  if (format == "csv") return csv_table(table);
  if (format == "json") return json_table(table);
  return text_table(table);
}

}  // namespace alignlab
