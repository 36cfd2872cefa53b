#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/table.h"

namespace alignlab {
namespace {

/// Names that every format has something to escape in.
ResultTable sample() {
  ResultTable table;
  table.title = "loss (protocol all-pairs on test)";
  table.columns = {"image_to_text.R@1", "image_to_text.MedR", "text_to_image.nDCG_exp@10", "rsum"};
  table.rows = {
      {"plain", "loss", {{{10.0, 13.0}}, {{7.5}}, {{0.25, 0.5}}, {{100.0 / 3.0}}}, 2, 2, 0},
      {"a|b, \"c\" & 50%_x", "loss", {{{9.0, 9.5}}, {}, {{0.125}}, {{250.0, 251.0}}}, 2, 3, 1}};
  table.notes = {"mean ± sample deviation over 2 seeds", "1 planned trial is not run yet"};
  return table;
}

TEST(TextTable, AlignsColumnsUnderTheirDirections) {
  EXPECT_EQ(render(sample(), "text"),
            "loss (protocol all-pairs on test)\n"
            "\n"
            "                  image to text     text to image\n"
            "                         R@1  MedR    nDCG_exp@10         rsum\n"
            "plain             11.5 ± 2.1  7.50  0.375 ± 0.177         33.3\n"
            "a|b, \"c\" & 50%_x   9.2 ± 0.4   n/a          0.125  250.5 ± 0.7\n"
            "\n"
            "mean ± sample deviation over 2 seeds\n"
            "1 planned trial is not run yet\n");
}

TEST(TextTable, WidensAColumnThatIsNarrowerThanItsDirection) {
  ResultTable table;
  table.title = "t";
  table.columns = {"image_to_text.R@1", "rsum"};
  table.rows = {{"é", "r", {{{10.0}}, {{20.0}}}, 1, 1, 0},
                {"ab", "r", {{{1.0}}, {{2.0}}}, 1, 1, 0}};
  EXPECT_EQ(render(table, "text"),
            "t\n"
            "\n"
            "    image to text\n"
            "              R@1  rsum\n"
            "é            10.0  20.0\n"
            "ab            1.0   2.0\n");
}

TEST(TextTable, PutsDirectionsBelowEachOtherWhereTheyDoNotFitAPage) {
  ResultTable table;
  table.title = "wide";
  for (const char* direction : {"image_to_text", "text_to_image"}) {
    for (int k = 1; k <= 7; ++k)
      table.columns.push_back(fmt::format("{}.precision@{}", direction, k));
  }
  table.rows = {{"r", "wide", std::vector<Cell>(14, Cell{{50.0}}), 1, 1, 0}};
  const std::string names =
      "   precision@1  precision@2  precision@3  precision@4  precision@5  precision@6  "
      "precision@7\n"
      "r         50.0         50.0         50.0         50.0         50.0         50.0         "
      "50.0\n";
  EXPECT_EQ(render(table, "text"),
            "wide\n\n   image to text\n" + names + "\n   text to image\n" + names);
}

TEST(MarkdownTable, EscapesBarsInNames) {
  EXPECT_EQ(render(sample(), "markdown"),
            "### loss (protocol all-pairs on test)\n"
            "\n"
            "| | image to text R@1 | image to text MedR | text to image nDCG_exp@10 | rsum |\n"
            "|---|---:|---:|---:|---:|\n"
            "| plain | 11.5 ± 2.1 | 7.50 | 0.375 ± 0.177 | 33.3 |\n"
            "| a\\|b, \"c\" & 50%_x | 9.2 ± 0.4 | n/a | 0.125 | 250.5 ± 0.7 |\n"
            "\n"
            "mean ± sample deviation over 2 seeds\n"
            "\n"
            "1 planned trial is not run yet\n");
}

TEST(LatexTable, EscapesNamesAndSpansDirections) {
  EXPECT_EQ(render(sample(), "latex"),
            "% loss (protocol all-pairs on test)\n"
            "\\begin{tabular}{lrrrr}\n"
            "\\toprule\n"
            " & \\multicolumn{2}{c}{image to text} & \\multicolumn{1}{c}{text to image} & "
            "\\multicolumn{1}{c}{} \\\\\n"
            " & R@1 & MedR & nDCG\\_exp@10 & rsum \\\\\n"
            "\\midrule\n"
            "plain & $11.5 \\pm 2.1$ & $7.50$ & $0.375 \\pm 0.177$ & $33.3$ \\\\\n"
            "a|b, \"c\" \\& 50\\%\\_x & $9.2 \\pm 0.4$ & -- & $0.125$ & $250.5 \\pm 0.7$ \\\\\n"
            "\\bottomrule\n"
            "\\end{tabular}\n"
            "% mean ± sample deviation over 2 seeds\n"
            "% 1 planned trial is not run yet\n");
}

TEST(LatexTable, EscapesEveryCharacterThatLatexTakesForItsOwn) {
  ResultTable table;
  table.title = "t";
  table.columns = {"rsum"};
  table.rows = {{"&%$#_{}~^\\", "r", {{{1.0}}}, 1, 1, 0}};
  EXPECT_NE(render(table, "latex")
                .find("\n\\&\\%\\$\\#\\_\\{\\}\\textasciitilde{}\\textasciicircum{}"
                      "\\textbackslash{} & $1.00$ \\\\\n"),
            std::string::npos)
      << render(table, "latex");
}

TEST(CsvTable, QuotesFieldsAndKeepsNumbersUnrounded) {
  EXPECT_EQ(render(sample(), "csv"),
            "run,row,column,mean,deviation,seeds\n"
            "loss,plain,image_to_text.R@1,11.5,2.1213203435596424,2\n"
            "loss,plain,image_to_text.MedR,7.5,,1\n"
            "loss,plain,text_to_image.nDCG_exp@10,0.375,0.1767766952966369,2\n"
            "loss,plain,rsum,33.333333333333336,,1\n"
            "loss,\"a|b, \"\"c\"\" & 50%_x\",image_to_text.R@1,9.25,0.3535533905932738,2\n"
            "loss,\"a|b, \"\"c\"\" & 50%_x\",image_to_text.MedR,,,0\n"
            "loss,\"a|b, \"\"c\"\" & 50%_x\",text_to_image.nDCG_exp@10,0.125,,1\n"
            "loss,\"a|b, \"\"c\"\" & 50%_x\",rsum,250.5,0.7071067811865476,2\n");
}

TEST(JsonTable, ParsesWithUnroundedValues) {
  EXPECT_EQ(nlohmann::json::parse(render(sample(), "json")), nlohmann::json::parse(R"json({
    "schema": 1, "title": "loss (protocol all-pairs on test)",
    "columns": ["image_to_text.R@1", "image_to_text.MedR", "text_to_image.nDCG_exp@10", "rsum"],
    "rows": [
      {"name": "plain", "run": "loss", "seeds": 2, "planned": 2, "failed": 0, "cells": {
        "image_to_text.R@1": {"values": [10.0, 13.0], "mean": 11.5,
                              "deviation": 2.1213203435596424},
        "image_to_text.MedR": {"values": [7.5], "mean": 7.5},
        "text_to_image.nDCG_exp@10": {"values": [0.25, 0.5], "mean": 0.375,
                                      "deviation": 0.1767766952966369},
        "rsum": {"values": [33.333333333333336], "mean": 33.333333333333336}}},
      {"name": "a|b, \"c\" & 50%_x", "run": "loss", "seeds": 2, "planned": 3, "failed": 1,
       "cells": {
        "image_to_text.R@1": {"values": [9.0, 9.5], "mean": 9.25,
                              "deviation": 0.3535533905932738},
        "image_to_text.MedR": {"values": []},
        "text_to_image.nDCG_exp@10": {"values": [0.125], "mean": 0.125},
        "rsum": {"values": [250.0, 251.0], "mean": 250.5, "deviation": 0.7071067811865476}}}],
    "notes": ["mean ± sample deviation over 2 seeds", "1 planned trial is not run yet"]})json"));
}

TEST(Render, EndsEveryFormatWithOneNewline) {
  for (const std::string& format : kTableFormats) {
    const std::string shown = render(sample(), format);
    ASSERT_GT(shown.size(), 2U);
    EXPECT_EQ(shown.back(), '\n') << format;
    EXPECT_NE(shown[shown.size() - 2], '\n') << format;
  }
}

TEST(Render, ShowsNoTrailingSpacesInText) {
  EXPECT_EQ(render(sample(), "text").find(" \n"), std::string::npos);
}

}  // namespace
}  // namespace alignlab
