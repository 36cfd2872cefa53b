#include "core/error.h"
#include "search/approximate.h"

namespace alignlab {

std::unique_ptr<SearchIndex> peer_index(const std::string& name, const Section&, const Gallery&,
                                        int) {
  throw UsageError("kernel '" + name +
                   "': this program was built without FAISS and hnswlib (ALIGNLAB_PEERS=OFF)");
}

}  // namespace alignlab
