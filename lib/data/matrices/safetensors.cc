// safetensors (Hugging Face, github.com/huggingface/safetensors, "Format"): eight bytes of header
// length, a JSON object that says type, shape and place of every tensor, and their bytes one after
// the other without a hole, row-major and little-endian.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/lines.h"
#include "data/matrices/container.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr std::uint64_t kLengthBytes = 8;
// Names some 80,000 tensors; parsed, it takes twenty times as much.
constexpr std::uint64_t kLongestHeader = 1 << 23;

std::uint64_t header_length(std::string_view start) {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length |= std::uint64_t{static_cast<unsigned char>(start[i])} << (8 * i);
  }
  return length;
}

std::optional<NumberType> type_from(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, NumberType>, 12> kTypes{
      {{"F16", NumberType::kFloat16},
       {"BF16", NumberType::kBfloat16},
       {"F32", NumberType::kFloat32},
       {"F64", NumberType::kFloat64},
       {"I8", NumberType::kInt8},
       {"I16", NumberType::kInt16},
       {"I32", NumberType::kInt32},
       {"I64", NumberType::kInt64},
       {"U8", NumberType::kUint8},
       {"U16", NumberType::kUint16},
       {"U32", NumberType::kUint32},
       {"U64", NumberType::kUint64}}};
  const auto found = std::ranges::find(kTypes, name, [](const auto& row) { return row.first; });
  if (found == kTypes.end()) return std::nullopt;
  return found->second;
}

struct Tensor {
  std::string type;
  ArrayShape shape;
  std::uint64_t begin = 0;  // in the bytes after the header
  std::uint64_t end = 0;
};

class Header {
 public:
  Header(std::string place, std::string_view text) : place_(std::move(place)) {
    std::set<std::string> keys;
    std::string twice;
    const auto watch = [&](int depth, json::parse_event_t event, const json& parsed) {
      if (depth == 1 && event == json::parse_event_t::key &&
          !keys.insert(parsed.get<std::string>()).second) {
        twice = parsed.get<std::string>();
      }
      return true;
    };
    const json header = json::parse(text, watch, false);
    if (!header.is_object()) fail("expected a header that is a JSON object, found something else");
    if (!twice.empty()) fail(fmt::format("tensor '{}' comes twice", excerpt(twice)));
    for (const auto& [name, entry] : header.items()) {
      if (name != "__metadata__") tensors.emplace(name, tensor_of(name, entry));
    }
  }

  /// The tensors are to lie one after the other, and nothing else in the file.
  void check_places(std::uint64_t data_bytes) const {
    std::vector<std::pair<const std::string*, const Tensor*>> by_place;
    for (const auto& [name, tensor] : tensors) by_place.emplace_back(&name, &tensor);
    std::ranges::sort(by_place, {},
                      [](const auto& t) { return std::pair(t.second->begin, t.second->end); });
    std::uint64_t end = 0;
    for (const auto& [name, tensor] : by_place) {
      if (tensor->begin != end || tensor->end < tensor->begin || tensor->end > data_bytes) {
        fail(fmt::format("tensor '{}': expected bytes from {} on, of {}, found {} to {}",
                         excerpt(*name), end, data_bytes, tensor->begin, tensor->end));
      }
      end = tensor->end;
    }
    if (end != data_bytes) {
      fail(fmt::format("expected {} bytes of tensors, found {}", end, data_bytes));
    }
  }

  std::map<std::string, Tensor> tensors;

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw DataError(fmt::format("{}: {}", place_, what));
  }

  Tensor tensor_of(const std::string& name, const json& entry) const {
    Tensor tensor;
    const auto numbers = [](const json& list) {
      return list.is_array() && std::ranges::all_of(list, [](const json& number) {
               return number.is_number_unsigned();
             });
    };
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !numbers(entry["shape"]) || !entry.contains("data_offsets") ||
        !numbers(entry["data_offsets"]) || entry["data_offsets"].size() != 2) {
      fail(fmt::format("tensor '{}': expected dtype, shape and two data_offsets, found {}",
                       excerpt(name),
                       excerpt(entry.dump(-1, ' ', false, json::error_handler_t::replace))));
    }
    tensor.type = entry["dtype"].get<std::string>();
    tensor.shape = entry["shape"].get<ArrayShape>();
    tensor.begin = entry["data_offsets"][0].get<std::uint64_t>();
    tensor.end = entry["data_offsets"][1].get<std::uint64_t>();
    return tensor;
  }

  std::string place_;
};

class TensorArray : public NumericArray {
 public:
  TensorArray(const fs::path& path, std::string place, const Tensor& tensor, NumberType type,
              std::uint64_t data_begin)
      : NumericArray(path, std::move(place), tensor.shape, {type}),
        in_(path, std::ios::binary),
        begin_(data_begin + tensor.begin) {}

  void read(std::uint64_t first, std::span<std::byte> out) override {
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(begin_ + first * format().width()));
    in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (static_cast<std::size_t>(in_.gcount()) != out.size()) fail("cannot be read to its end");
  }

 private:
  std::ifstream in_;
  std::uint64_t begin_;
};

class SafetensorsContainer : public MatrixContainer {
 public:
  explicit SafetensorsContainer(const FileStart& start)
      : path_(start.path), header_(path_.string(), header_text(start)) {
    data_begin_ = kLengthBytes + header_length(start.bytes);
    header_.check_places(start.size - data_begin_);
  }

  std::vector<ArrayInfo> arrays() override {
    std::vector<ArrayInfo> all;
    for (const auto& [name, tensor] : header_.tensors) all.push_back({name, tensor.shape});
    return all;
  }

  std::unique_ptr<NumericArray> open(const std::string& name) override {
    const Tensor& tensor = header_.tensors.at(name);
    std::string place = fmt::format("{}: tensor '{}'", path_.string(), excerpt(name));
    const auto type = type_from(tensor.type);
    if (!type) {
      throw DataError(fmt::format("{}: expected F16, BF16, F32 or F64, found '{}'", place,
                                  excerpt(tensor.type)));
    }
    if (bytes_of(tensor.shape, *type) != tensor.end - tensor.begin) {
      throw DataError(fmt::format("{}: its {} bytes are not {} of shape {}", place,
                                  tensor.end - tensor.begin, tensor.type, text_of(tensor.shape)));
    }
    return std::make_unique<TensorArray>(path_, std::move(place), tensor, *type, data_begin_);
  }

 private:
  static std::string header_text(const FileStart& start) {
    const std::uint64_t length = header_length(start.bytes);
    if (length > kLongestHeader) {
      throw DataError(fmt::format("{}: expected a header of at most {} bytes, found one of {}",
                                  start.path.string(), kLongestHeader, length));
    }
    std::string text(static_cast<std::size_t>(length), '\0');
    std::ifstream in(start.path, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(kLengthBytes));
    in.read(text.data(), static_cast<std::streamsize>(length));
    if (static_cast<std::uint64_t>(in.gcount()) != length) {
      throw DataError(start.path.string() + ": cannot be read");
    }
    return text;
  }

  fs::path path_;
  Header header_;
  std::uint64_t data_begin_ = 0;
};

}  // namespace

bool is_safetensors(const FileStart& start) {
  return start.bytes.size() > kLengthBytes && start.bytes[kLengthBytes] == '{' &&
         header_length(start.bytes) <= start.size - kLengthBytes;
}

std::unique_ptr<MatrixContainer> open_safetensors(const FileStart& start) {
  return std::make_unique<SafetensorsContainer>(start);
}

}  // namespace alignlab
