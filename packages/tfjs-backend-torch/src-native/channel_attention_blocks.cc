// The channel attention on the CPU: rows are laid out anew a block at a time, and meet each head's weights in the caches.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <vector>

#include "channel_attention.h"
#include "channel_rows.h"
#include "elements.h"

using at::Tensor;

namespace graticule {
namespace {

constexpr int64_t kBlockBytes = 128 * 1024;  // of rows in the layout
constexpr int64_t kMostRows = 48;            // of a block
/** Gradients are summed in at least so many parts, which don't depend on the number of threads. */
constexpr int64_t kTasks = 8;

int64_t roundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

ChannelLayout layoutOf(const ChannelAttentionInputs& in) {
  ChannelLayout layout;
  layout.channels = in.channels();
  layout.values = in.values();
  return layout;
}

int64_t valueVectorsOf(const ChannelAttentionInputs& in) { return (in.headDim() + kLanes - 1) / kLanes; }

enum class Direction { kForward, kBackward };

/** The parameters as the blocks read them. */
class Heads {
 public:
  Heads(const ChannelAttentionInputs& in, Direction direction)
      : layout_(layoutOf(in)),
        valueVectors_(valueVectorsOf(in)),
        scorers_(at::empty({in.heads(), layout_.size()})),
        values_(at::zeros({in.heads(), valueVectors_, layout_.vectors(), kLanes * kLanes})) {
    at::parallel_for(0, in.heads(), 1, [&](int64_t begin, int64_t end) {
      std::vector<float> row(layout_.size());
      for (int64_t h = begin; h < end; h++) {
        spreadRow(layout_, in.scoreWeight.data_ptr<float>() + h * in.columns(), in.scoreBias.data_ptr<float>() + h * in.channels(),
                  scorers_.data_ptr<float>() + h * layout_.size());
        for (int64_t j = 0; j < in.headDim(); j++) {
          const int64_t d = h * in.headDim() + j;
          spreadRow(layout_, in.valueWeight.data_ptr<float>() + d * in.columns(), in.valueBias.data_ptr<float>() + d * in.channels(),
                    row.data());
          placeRow(direction, row.data(), valuesOf(h) + j / kLanes * layout_.size() * kLanes, j % kLanes);
        }
      }
    });
  }

  ChannelHead operator[](int64_t head) const {
    return {scorers_.data_ptr<float>() + head * layout_.size(), valuesOf(head), valueVectors_};
  }

 private:
  float* valuesOf(int64_t head) const { return values_.data_ptr<float>() + head * valueVectors_ * layout_.size() * kLanes; }

  /** Number j of sixteen of each lane's value: forward [vector][lane][number], backward [vector][number][lane]. */
  void placeRow(Direction direction, const float* row, float* values, int64_t j) const {
    for (int64_t vector = 0; vector < layout_.vectors(); vector++) {
      float* block = values + vector * kLanes * kLanes;
      for (int64_t lane = 0; lane < kLanes; lane++) {
        block[direction == Direction::kForward ? lane * kLanes + j : j * kLanes + lane] = row[vector * kLanes + lane];
      }
    }
  }

  ChannelLayout layout_;
  int64_t valueVectors_;
  Tensor scorers_, values_;
};

/** Rows [first, first + count) in the layout, then rows of zeros up to `padded`. */
void spreadRows(const ChannelAttentionInputs& in, const ChannelLayout& layout, int64_t first, int64_t count, int64_t padded,
                float* out) {
  for (int64_t r = 0; r < count; r++) {
    const int64_t at = (first + r) * in.columns();
    if (isBf16(in.patches)) spreadRow(layout, elements<Bf16>(in.patches) + at, nullptr, out + r * layout.size());
    else spreadRow(layout, elements<float>(in.patches) + at, nullptr, out + r * layout.size());
  }
  std::fill(out + count * layout.size(), out + padded * layout.size(), 0.0f);
}

/** Which channels rows from `first` see; null where all do. */
const bool* seenFrom(const ChannelAttentionInputs& in, int64_t first) {
  return in.seen.defined() ? in.seen.data_ptr<bool>() + first * in.channels() : nullptr;
}

/** Sums of gradients over a part of the rows, for all heads. */
struct PartialGradients {
  PartialGradients(const ChannelAttentionInputs& in, const ChannelLayout& layout, int64_t parts)
      : scorers(at::zeros({parts, in.heads(), layout.size()})),
        values(at::zeros({parts, in.heads(), valueVectorsOf(in), layout.size() * kLanes})) {}

  ChannelGradients of(int64_t part, int64_t head) {
    return {scorers[part][head].data_ptr<float>(), values[part][head].data_ptr<float>()};
  }

  Tensor scorers, values;
};

/** A row of the layout → `[C·F]` and what is behind the channels' numbers. */
void collectRow(const ChannelLayout& layout, const float* row, int64_t step, float* weights, float* biases) {
  for (int64_t c = 0; c < layout.channels; c++) {
    const int64_t first = c / kLanes * layout.groupVectors();
    for (int64_t f = 0; f < layout.values; f++) weights[c * layout.values + f] = row[(first + f) * step + c % kLanes];
    biases[c] = row[(first + layout.values) * step + c % kLanes];
  }
}

ChannelAttentionGradients collect(const ChannelAttentionInputs& in, const ChannelLayout& layout, const PartialGradients& partial) {
  ChannelAttentionGradients found{at::empty_like(in.scoreWeight), at::empty_like(in.scoreBias), at::empty_like(in.valueWeight),
                                  at::empty_like(in.valueBias)};
  const auto scorers = partial.scorers.size(0) == 1 ? partial.scorers[0] : partial.scorers.sum(0);
  const auto values = partial.values.size(0) == 1 ? partial.values[0] : partial.values.sum(0);
  const int64_t headSize = valueVectorsOf(in) * layout.size() * kLanes;
  at::parallel_for(0, in.heads(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t h = begin; h < end; h++) {
      collectRow(layout, scorers.data_ptr<float>() + h * layout.size(), kLanes, found.scoreWeight.data_ptr<float>() + h * in.columns(),
                 found.scoreBias.data_ptr<float>() + h * in.channels());
      for (int64_t j = 0; j < in.headDim(); j++) {
        const int64_t d = h * in.headDim() + j;
        const float* row = values.data_ptr<float>() + h * headSize + j / kLanes * layout.size() * kLanes + j % kLanes * kLanes;
        collectRow(layout, row, kLanes * kLanes, found.valueWeight.data_ptr<float>() + d * in.columns(),
                   found.valueBias.data_ptr<float>() + d * in.channels());
      }
    }
  });
  return found;
}

}  // namespace

Tensor blockwiseChannelAttention(const ChannelAttentionInputs& in) {
  const ChannelLayout layout = layoutOf(in);
  const Heads heads(in, Direction::kForward);
  const int64_t headDim = in.headDim(), outWidth = valueVectorsOf(in) * kLanes;
  auto out = at::empty({in.rows(), in.width()}, in.scoreBias.options());
  auto* all = out.data_ptr<float>();
  at::parallel_for(0, (in.rows() + kTileRows - 1) / kTileRows, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> rows(kTileRows * layout.size()), mixed(kTileRows * outWidth);
    std::vector<float> scratch(forwardScratch(layout, valueVectorsOf(in)));
    for (int64_t first = begin * kTileRows; first < std::min(end * kTileRows, in.rows()); first += kTileRows) {
      const int64_t count = std::min(kTileRows, in.rows() - first);
      spreadRows(in, layout, first, count, kTileRows, rows.data());
      for (int64_t h = 0; h < in.heads(); h++) {
        attendChannels(layout, heads[h], {rows.data(), seenFrom(in, first), count}, scratch.data(), mixed.data());
        for (int64_t r = 0; r < count; r++) {
          std::copy_n(mixed.data() + r * outWidth, headDim, all + (first + r) * in.width() + h * headDim);
        }
      }
    }
  });
  return out;
}

ChannelAttentionGradients blockwiseChannelAttentionGrad(const ChannelAttentionInputs& in, const Tensor& dy) {
  const ChannelLayout layout = layoutOf(in);
  const Heads heads(in, Direction::kBackward);
  const int64_t headDim = in.headDim(), outWidth = valueVectorsOf(in) * kLanes;
  const int64_t fitting = kBlockBytes / static_cast<int64_t>(layout.size() * sizeof(float)) / kTileRows * kTileRows;
  const int64_t blockRows = std::max(kTileRows, std::min(kMostRows, fitting));
  const int64_t wanted = (kTasks + in.heads() - 1) / in.heads();
  const int64_t partRows = std::max<int64_t>(1, roundUp((in.rows() + wanted - 1) / wanted, blockRows));
  const int64_t parts = std::max<int64_t>(1, (in.rows() + partRows - 1) / partRows);
  // Heads that share a task share its rows' layout; how many do changes no sum.
  const int64_t shares = std::min(in.heads(), (at::get_num_threads() + parts - 1) / parts);
  PartialGradients partial(in, layout, parts);
  const auto* slopes = dy.data_ptr<float>();
  at::parallel_for(0, parts * shares, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> rows(blockRows * layout.size()), dout(blockRows * outWidth);
    std::vector<float> scratch(backwardScratch(layout, blockRows));
    for (int64_t task = begin; task < end; task++) {
      const int64_t part = task / shares, share = task % shares;
      const int64_t last = std::min((part + 1) * partRows, in.rows());
      for (int64_t first = part * partRows; first < last; first += blockRows) {
        const int64_t count = std::min(blockRows, last - first), padded = roundUp(count, kTileRows);
        spreadRows(in, layout, first, count, padded, rows.data());
        for (int64_t h = share * in.heads() / shares; h < (share + 1) * in.heads() / shares; h++) {
          std::fill(dout.begin(), dout.end(), 0.0f);
          for (int64_t r = 0; r < count; r++) {
            std::copy_n(slopes + (first + r) * in.width() + h * headDim, headDim, dout.data() + r * outWidth);
          }
          attendChannelsBackward(layout, heads[h], {rows.data(), seenFrom(in, first), count}, dout.data(), scratch.data(),
                                 partial.of(part, h));
        }
      }
    }
  });
  return collect(in, layout, partial);
}

}  // namespace graticule
