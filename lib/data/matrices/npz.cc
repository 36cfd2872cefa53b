// .npz of NumPy: a zip file with one .npy member an array. A stored member is read where it lies;
// a deflated one can only be read from its beginning on, and is held whole. torch.save() writes a
// zip file too, with a pickle in it.

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "core/lines.h"
#include "data/matrices/npy.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kSuffix = ".npy";

struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using Archive = std::shared_ptr<zip_t>;
using Member = std::unique_ptr<zip_file_t, CloseMember>;

struct Entry {
  zip_uint64_t index = 0;
  std::string array;  // its name without the suffix
  std::uint64_t size = 0;
  bool deflated = false;
};

std::string place_of(const fs::path& path, const std::string& array) {
  return fmt::format("{}: array '{}'", path.string(), excerpt(array));
}

Member open_member(const Archive& archive, const Entry& entry, const std::string& place) {
  Member member(zip_fopen_index(archive.get(), entry.index, 0));
  if (!member) throw DataError(fmt::format("{}: cannot be read", place));
  return member;
}

/// As many bytes as there are, at most out.size().
std::size_t read_bytes(zip_file_t* member, std::span<std::byte> out, const std::string& place) {
  std::size_t done = 0;
  while (done < out.size()) {
    const zip_int64_t count = zip_fread(member, out.data() + done, out.size() - done);
    if (count < 0) throw DataError(fmt::format("{}: is damaged", place));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

NpyHeader read_header(zip_file_t* member, const fs::path& path, const Entry& entry) {
  NpySource source;
  source.place = place_of(path, entry.array);
  source.size = entry.size;
  source.path = path;
  source.array = entry.array;
  source.read = [&](std::size_t count) {
    std::string text(count, '\0');
    text.resize(read_bytes(member, std::as_writable_bytes(std::span<char>(text)), source.place));
    return text;
  };
  return read_npy_header(source);
}

class StoredMember : public NumericArray {
 public:
  StoredMember(const fs::path& path, const std::string& array, const NpyHeader& header,
               Archive archive, Member member)
      : NumericArray(path, place_of(path, array), header.shape, header.format),
        archive_(std::move(archive)),
        member_(std::move(member)),
        data_begin_(header.data_begin) {}

  void read(std::uint64_t first, std::span<std::byte> out) override {
    const auto offset = static_cast<zip_int64_t>(data_begin_ + first * format().width());
    if (zip_fseek(member_.get(), offset, SEEK_SET) != 0 ||
        read_bytes(member_.get(), out, place()) != out.size()) {
      fail("cannot be read to its end");
    }
  }

 private:
  Archive archive_;
  Member member_;
  std::uint64_t data_begin_;
};

class HeldMember : public HeldArray {
 public:
  HeldMember(const fs::path& path, const std::string& array, const NpyHeader& header,
             Archive archive, Member member)
      : HeldArray(path, place_of(path, array), header.shape, header.format,
                  header.fortran_order ? Order::kColumns : Order::kRows),
        archive_(std::move(archive)),
        member_(std::move(member)) {}

 private:
  void read_next(std::span<std::byte> out) override {
    if (read_bytes(member_.get(), out, place()) != out.size()) fail("cannot be read to its end");
  }

  Archive archive_;
  Member member_;  // stands at the data
};

class NpzContainer : public MatrixContainer {
 public:
  explicit NpzContainer(const FileStart& start) : path_(start.path), file_size_(start.size) {
    int error = 0;
    archive_ = Archive(zip_open(path_.c_str(), ZIP_RDONLY, &error), [](zip_t* archive) {
      if (archive != nullptr) zip_discard(archive);
    });
    if (!archive_) fail("expected a whole zip file, found one that is damaged or cut");
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    for (zip_int64_t i = 0; i < count; ++i) add_entry(static_cast<zip_uint64_t>(i));
    if (entries_.empty()) fail("expected a zip file with .npy members (.npz), found none in it");
  }

  std::vector<ArrayInfo> arrays() override {
    std::vector<ArrayInfo> all;
    for (const Entry& entry : entries_) all.push_back({entry.array, shape_of(entry)});
    return all;
  }

  std::unique_ptr<NumericArray> open(const std::string& name) override {
    const Entry& entry = *std::ranges::find(entries_, name, &Entry::array);
    Member member = open_member(archive_, entry, place_of(path_, name));
    const NpyHeader header = read_header(member.get(), path_, entry);
    if (entry.deflated || header.fortran_order) {
      return std::make_unique<HeldMember>(path_, name, header, archive_, std::move(member));
    }
    return std::make_unique<StoredMember>(path_, name, header, archive_, std::move(member));
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw DataError(fmt::format("{}: {}", path_.string(), what));
  }

  /// None for what is no array of numbers: open() says why, where it is asked for.
  ArrayShape shape_of(const Entry& entry) const {
    try {
      const Member member = open_member(archive_, entry, place_of(path_, entry.array));
      return read_header(member.get(), path_, entry).shape;
    } catch (const DataError&) {
      return {};
    }
  }

  void add_entry(zip_uint64_t index) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                     ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(archive_.get(), index, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
      fail("expected a whole zip file, found one that is damaged or cut");
    }
    const std::string_view name = stat.name;
    if (name == "data.pkl" || name.ends_with("/data.pkl")) {
      fail("is a PyTorch file, whose pickle runs code when it is read: convert it with " +
           conversion(Pickler::kTorch, path_));
    }
    if (!name.ends_with(kSuffix)) return;
    Entry entry{index, std::string(name.substr(0, name.size() - kSuffix.size())), stat.size,
                stat.comp_method == ZIP_CM_DEFLATE};
    const std::string place = place_of(path_, entry.array);
    if (stat.encryption_method != ZIP_EM_NONE) {
      throw DataError(fmt::format("{}: is encrypted", place));
    }
    if (!entry.deflated && stat.comp_method != ZIP_CM_STORE) {
      throw DataError(fmt::format("{}: expected a stored or deflated member, found method {}",
                                  place, stat.comp_method));
    }
    if (stat.comp_size > file_size_ ||
        stat.size > stat.comp_size * (entry.deflated ? kMostDeflation : 1)) {
      throw DataError(fmt::format("{}: its {} bytes cannot be packed in {}, in a file of {}", place,
                                  stat.size, stat.comp_size, file_size_));
    }
    if (!names_.insert(entry.array).second) throw DataError(fmt::format("{}: comes twice", place));
    entries_.push_back(std::move(entry));
  }

  fs::path path_;
  std::uint64_t file_size_;
  Archive archive_;
  std::vector<Entry> entries_;
  std::unordered_set<std::string> names_;
};

}  // namespace

bool is_zip(const FileStart& start) {
  return start.bytes.starts_with("PK\x03\x04") || start.bytes.starts_with("PK\x05\x06");
}

std::unique_ptr<MatrixContainer> open_npz(const FileStart& start) {
  return std::make_unique<NpzContainer>(start);
}

}  // namespace alignlab
