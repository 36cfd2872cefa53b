#include "data/npy.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>

#include "core/files.h"

namespace alignlab {

void write_npy(const std::filesystem::path& path, MatrixView matrix) {
  constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", matrix.rows(),
                  matrix.cols());
  // NumPy maps the data, so it wants it to begin at a multiple of 64 bytes.
  const std::size_t before = kMagic.size() + 2;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  AtomicFile file(path);
  {
    std::ofstream out(file.temporary(), std::ios::binary);
    errno = 0;
    out << kMagic << static_cast<char>(header.size() & 0xFFU)
        << static_cast<char>(header.size() >> 8U) << header;
    out.write(reinterpret_cast<const char*>(matrix.data()),
              static_cast<std::streamsize>(matrix.rows() * matrix.cols() * sizeof(float)));
    out.flush();
    if (!out) fail_to_write(path);
  }
  file.commit();
}

}  // namespace alignlab
