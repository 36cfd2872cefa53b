#include "eval/statistic.h"

#include <array>
#include <cassert>
#include <numeric>

#include "core/wide_registers.h"

namespace alignlab {
namespace {

double sum_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::optional<double> value_of_ratios(const RatioSum& ratios, Multiplicities multiplicities) {
  double value = 0.0;
  for (const RatioTerm& term : ratios.terms) {
    const double denominator = weighted_sum(term.denominators, multiplicities);
    if (denominator == 0.0) return std::nullopt;
    value += term.value(weighted_sum(term.numerators, multiplicities), denominator);
  }
  return value;
}

std::vector<double> jackknife_of_ratios(const RatioSum& ratios, std::size_t groups) {
  std::vector<std::optional<double>> values(groups, 0.0);
  for (const RatioTerm& term : ratios.terms) {
    const double numerators = sum_of(term.numerators);
    const double denominators = sum_of(term.denominators);
    for (std::size_t g = 0; g < groups; ++g) {
      // Exactly 0 where no other group has a query: the total is then this group's value.
      const double denominator = denominators - term.denominators[g];
      if (denominator == 0.0) values[g].reset();
      if (values[g]) *values[g] += term.value(numerators - term.numerators[g], denominator);
    }
  }
  std::vector<double> defined;
  for (const auto& value : values) {
    if (value) defined.push_back(*value);
  }
  return defined;
}

}  // namespace

ALIGNLAB_WIDE double weighted_sum(std::span<const double> values, Multiplicities multiplicities) {
  assert(values.size() == multiplicities.size());
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> lanes{};
  const std::size_t whole = values.size() / kLanes * kLanes;
  for (std::size_t g = 0; g < whole; g += kLanes) {
#pragma GCC unroll 8
    for (std::size_t l = 0; l < kLanes; ++l) {
      // By way of a signed number, for which processors have an instruction.
      lanes[l] += static_cast<std::int32_t>(multiplicities[g + l]) * values[g + l];
    }
  }
  for (std::size_t g = whole; g < values.size(); ++g) {
    lanes[g - whole] += static_cast<double>(multiplicities[g]) * values[g];
  }
  return sum_of(lanes);
}

std::optional<double> value_of(const Statistic& statistic, Multiplicities multiplicities) {
  if (const RatioSum* ratios = statistic.ratios()) {
    return value_of_ratios(*ratios, multiplicities);
  }
  return (*statistic.function())(multiplicities);
}

std::optional<double> estimate_of(const Statistic& statistic, std::size_t groups) {
  return value_of(statistic, std::vector<std::uint32_t>(groups, 1));
}

RatioSum difference_of(const RatioSum& a, const RatioSum& b) {
  RatioSum difference = a;
  for (RatioTerm term : b.terms) {
    term.scale = -term.scale;
    difference.terms.push_back(std::move(term));
  }
  return difference;
}

Statistic difference_of(const Statistic& a, const Statistic& b) {
  const RatioSum* first = a.ratios();
  const RatioSum* second = b.ratios();
  if (first != nullptr && second != nullptr) return difference_of(*first, *second);
  return GroupFunction([a, b](Multiplicities multiplicities) -> std::optional<double> {
    const auto minuend = value_of(a, multiplicities);
    const auto subtrahend = value_of(b, multiplicities);
    if (!minuend || !subtrahend) return std::nullopt;
    return *minuend - *subtrahend;
  });
}

std::vector<double> jackknife(const Statistic& statistic, std::size_t groups) {
  if (const RatioSum* ratios = statistic.ratios()) {
    return jackknife_of_ratios(*ratios, groups);
  }
  std::vector<std::uint32_t> multiplicities(groups, 1);
  std::vector<double> values;
  for (std::size_t g = 0; g < groups; ++g) {
    multiplicities[g] = 0;
    if (const auto value = value_of(statistic, multiplicities)) values.push_back(*value);
    multiplicities[g] = 1;
  }
  return values;
}

}  // namespace alignlab
