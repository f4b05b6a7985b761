// How a matrix product is cut into blocks that stay in the caches, and spread over threads.
//
// Columns are taken in slabs; a slab of the right operand is packed whole, then blocks of rows are multiplied with it. A
// block packs its rows once a slab, sums in a float32 tile that stays in the second cache, and leaves through `store`.
// Tasks are handed out one by one, so that a thread which is held up does not hold up the others. A sum's order depends
// on the depth alone: the result is the same for every number of threads.
#include "gemm.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "gemm_avx512.h"

namespace graticule {
namespace {

constexpr int64_t kMostPanels = 14, kFewestPanels = 6;  // left panels, of 12 rows, of a block
constexpr int64_t kSlabColumns = 768;  // a multiple of 32; rows are packed once a slab
constexpr int64_t kPackPanels = 4;                         // right panels of one packing task
constexpr int64_t kSlabsHeld = 2;                          // packed slabs at a time

int64_t roundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

/** Equal parts of at most `most`, each a multiple of `unit`. */
int64_t evenPart(int64_t total, int64_t most, int64_t unit) {
  const int64_t parts = (total + most - 1) / most;
  return roundUp((total + parts - 1) / parts, unit);
}

/** The size of a block that keeps the last thread busy for the shortest time. */
int64_t rowsOfBlock(int64_t rows, int64_t threads) {
  const int64_t panels = roundUp(rows, avx512::kLeftRows) / avx512::kLeftRows;
  // Small blocks read the right operand more often: they are for few rows on many threads.
  const int64_t fewest = panels >= kFewestPanels * threads ? kFewestPanels : 1;
  int64_t best = 1, shortest = INT64_MAX;
  for (int64_t size = kMostPanels; size >= fewest; size--) {
    const int64_t blocks = (panels + size - 1) / size;
    const int64_t longest = (blocks + threads - 1) / threads * size;
    if (longest >= shortest) continue;
    shortest = longest;
    best = size;
  }
  return best * avx512::kLeftRows;
}

at::Tensor unitsBuffer(int64_t count) { return at::empty({count}, at::TensorOptions().dtype(at::kInt)); }

uint32_t* dataOf(at::Tensor& buffer) { return reinterpret_cast<uint32_t*>(buffer.data_ptr<int32_t>()); }

/**
 * The tasks of a product, slab after slab: first those that pack the slab's columns, then its blocks. Threads go over from
 * one slab to the next without a barrier, for which two slabs are held.
 */
class Tasks {
 public:
  Tasks(const MatrixProduct& product, int64_t threads)
      : p_(product),
        units_(avx512::unitsOf(product.depth, product.compute)),
        addedUnits_(product.addedDepth > 0 ? avx512::unitsOf(product.addedDepth, product.compute) : 0),
        blockRows_(rowsOfBlock(product.rows, threads)) {
    slabColumns_ = evenPart(product.columns, kSlabColumns, avx512::kRightRows);
    rowBlocks_ = (product.rows + blockRows_ - 1) / blockRows_;
    const int64_t panels = slabColumns_ / avx512::kRightRows;
    packTasks_ = (panels + kPackPanels - 1) / kPackPanels;
    const int64_t splits = std::min(panels, (threads + rowBlocks_ - 1) / rowBlocks_);
    blockColumns_ = (panels + splits - 1) / splits * avx512::kRightRows;
    columnBlocks_ = (slabColumns_ + blockColumns_ - 1) / blockColumns_;
    slabs_ = std::vector<Slab>((product.columns + slabColumns_ - 1) / slabColumns_);
    right_ = unitsBuffer(std::min<int64_t>(slabs_.size(), kSlabsHeld) * slabColumns_ * (units_ + addedUnits_));
  }

  int64_t count() const { return static_cast<int64_t>(slabs_.size()) * tasksOfSlab(); }

  /** Takes tasks until none is left. One waits only for tasks before it, which others have taken: never for ever. */
  void work() {
    at::Tensor left, tile;
    for (int64_t task = next_++; task < count(); task = next_++) {
      const int64_t slab = task / tasksOfSlab(), part = task % tasksOfSlab();
      if (part < packTasks_) {
        if (slab >= kSlabsHeld) waitFor(slabs_[slab - kSlabsHeld].multiplied, rowBlocks_ * columnBlocks_);
        packRight(slab, part);
        slabs_[slab].packed++;
        continue;
      }
      waitFor(slabs_[slab].packed, packTasks_);
      if (!left.defined()) {
        left = unitsBuffer(blockRows_ * std::min(std::max(units_, addedUnits_), avx512::kDepthUnits));
        tile = at::empty({blockRows_ * blockColumns_}, at::TensorOptions().dtype(at::kFloat));
      }
      multiplyBlock(slab, part - packTasks_, dataOf(left), tile.data_ptr<float>());
      slabs_[slab].multiplied++;
    }
  }

 private:
  struct Slab {
    std::atomic<int64_t> packed{0}, multiplied{0};
  };

  int64_t tasksOfSlab() const { return packTasks_ + rowBlocks_ * columnBlocks_; }

  static void waitFor(const std::atomic<int64_t>& done, int64_t all) {
    while (done.load() < all) std::this_thread::yield();
  }

  int64_t columnsOf(int64_t slab) const { return std::min(slabColumns_, p_.columns - slab * slabColumns_); }

  uint32_t* panelsOf(int64_t slab) { return dataOf(right_) + slab % kSlabsHeld * slabColumns_ * (units_ + addedUnits_); }

  /** Those of the added product lie behind a slab's own. */
  uint32_t* addedPanelsOf(int64_t slab) { return panelsOf(slab) + slabColumns_ * units_; }

  void packRight(int64_t slab, int64_t part) {
    const int64_t first = part * kPackPanels * avx512::kRightRows;
    const int64_t count = std::min(kPackPanels * avx512::kRightRows, columnsOf(slab) - first);
    if (count <= 0) return;
    avx512::pack(p_.right, p_.compute, avx512::kRightRows, slab * slabColumns_ + first, count, 0, units_, p_.depth,
                 panelsOf(slab) + first * units_);
    if (addedUnits_ == 0) return;
    avx512::pack(p_.addedRight, p_.compute, avx512::kRightRows, slab * slabColumns_ + first, count, 0, addedUnits_,
                 p_.addedDepth, addedPanelsOf(slab) + first * addedUnits_);
  }

  void multiplyBlock(int64_t slab, int64_t block, uint32_t* left, float* tile) {
    const int64_t row = block / columnBlocks_ * blockRows_;
    const int64_t column = block % columnBlocks_ * blockColumns_;
    const int64_t rows = std::min(blockRows_, p_.rows - row);
    const int64_t columns = std::min(blockColumns_, columnsOf(slab) - column);
    if (columns <= 0) return;
    const int64_t paddedColumns = roundUp(columns, avx512::kRightRows);
    const auto sum = [&](const Operand& operand, int64_t depth, int64_t allUnits, const uint32_t* panels, bool accumulate) {
      for (int64_t unit = 0; unit < allUnits; unit += avx512::kDepthUnits) {
        const int64_t units = std::min(avx512::kDepthUnits, allUnits - unit);
        avx512::pack(operand, p_.compute, avx512::kLeftRows, row, rows, unit, units, depth, left);
        avx512::multiply(p_.compute, roundUp(rows, avx512::kLeftRows), paddedColumns, units, left, units * avx512::kLeftRows,
                         panels + column * allUnits + unit * avx512::kRightRows, allUnits * avx512::kRightRows, tile,
                         paddedColumns, accumulate || unit > 0);
      }
    };
    sum(p_.left, p_.depth, units_, panelsOf(slab), false);
    if (addedUnits_ > 0) sum(p_.addedLeft, p_.addedDepth, addedUnits_, addedPanelsOf(slab), true);
    avx512::store(p_.result, p_.compute, row, slab * slabColumns_ + column, rows, columns, tile, paddedColumns);
  }

  const MatrixProduct& p_;
  const int64_t units_, addedUnits_, blockRows_;
  int64_t slabColumns_, packTasks_, rowBlocks_, blockColumns_, columnBlocks_;
  std::vector<Slab> slabs_;
  at::Tensor right_;
  std::atomic<int64_t> next_{0};
};

}  // namespace

void multiply(const MatrixProduct& product) {
  if (product.rows == 0 || product.columns == 0) return;
  const int64_t threads = at::get_num_threads();
  Tasks tasks(product, threads);
  at::parallel_for(0, std::min(threads, tasks.count()), 1, [&](int64_t, int64_t) { tasks.work(); });
}

Element elementOf(const at::Tensor& tensor) {
  if (tensor.scalar_type() == at::kBFloat16) return Element::kBfloat16;
  TORCH_CHECK(tensor.scalar_type() == at::kFloat, "expected float32 or bf16, got ", tensor.scalar_type());
  return Element::kFloat;
}

Operand rowsOf(const at::Tensor& matrix) {
  return {matrix.data_ptr(), elementOf(matrix), matrix.size(-1), true, false};
}

Operand columnsOf(const at::Tensor& matrix) {
  return {matrix.data_ptr(), elementOf(matrix), matrix.size(-1), false, false};
}

}  // namespace graticule
