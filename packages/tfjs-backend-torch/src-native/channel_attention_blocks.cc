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

constexpr int64_t kBlockBytes = 1024 * 1024;  // of rows in the layout
constexpr int64_t kMostRows = 48;               // of a block
/** Gradients are summed in up to so many parts, of so many rows or more; they don't depend on the number of threads. */
constexpr int64_t kTasks = 8, kPartRows = 256;

int64_t roundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

/** Sizes, and how rows are cut. */
struct Plan {
  explicit Plan(const ChannelAttentionInputs& in)
      : columns(in.columns()),
        channels(in.channels()),
        heads(in.heads()),
        headDim(in.headDim()),
        valueVectors((in.headDim() + kLanes - 1) / kLanes) {
    layout.channels = in.channels();
    layout.values = in.values();
    const int64_t fitting = kBlockBytes / static_cast<int64_t>(layout.size() * sizeof(float)) / kTileRows * kTileRows;
    blockRows = std::max(kTileRows, std::min(kMostRows, fitting));
  }

  int64_t outWidth() const { return valueVectors * kLanes; }
  /** Floats of a head's values or their gradients. */
  int64_t headSize() const { return outWidth() * layout.size(); }

  ChannelLayout layout;
  int64_t columns, channels, heads, headDim, valueVectors, blockRows;
};

/** Where a head's parameters, or their gradients, begin. */
struct HeadParameters {
  float *scoreWeight, *scoreBias, *valueWeight, *valueBias;
};

HeadParameters parametersOf(const Plan& plan, const ChannelAttentionParameters& all, int64_t head) {
  return {all.scoreWeight.data_ptr<float>() + head * plan.columns, all.scoreBias.data_ptr<float>() + head * plan.channels,
          all.valueWeight.data_ptr<float>() + head * plan.headDim * plan.columns,
          all.valueBias.data_ptr<float>() + head * plan.headDim * plan.channels};
}

enum class Direction { kForward, kBackward };

/** The parameters as the blocks read them. */
class Heads {
 public:
  Heads(const ChannelAttentionInputs& in, const Plan& plan, Direction direction)
      : plan_(plan), scorers_(at::empty({plan.heads, plan.layout.size()})), values_(at::empty({plan.heads, plan.headSize()})) {
    at::parallel_for(0, plan.heads, 1, [&](int64_t begin, int64_t end) {
      std::vector<float> rows(direction == Direction::kForward ? kLanes * plan.layout.size() : 0);
      for (int64_t h = begin; h < end; h++) {
        const HeadParameters head = parametersOf(plan, in.parameters, h);
        spreadRow(plan.layout, head.scoreWeight, head.scoreBias, kLanes, scorers_.data_ptr<float>() + h * plan.layout.size());
        float* values = values_.data_ptr<float>() + h * plan.headSize();
        if (direction == Direction::kForward) placeForward(head, rows, values);
        else placeBackward(head, values);
      }
    });
  }

  ChannelHead operator[](int64_t head) const {
    return {scorers_.data_ptr<float>() + head * plan_.layout.size(), values_.data_ptr<float>() + head * plan_.headSize(),
            plan_.valueVectors};
  }

 private:
  /** [vector][lane][number], sixteen numbers at a time. */
  void placeForward(const HeadParameters& head, std::vector<float>& rows, float* values) const {
    const int64_t size = plan_.layout.size();
    for (int64_t first = 0; first < plan_.headDim; first += kLanes) {
      const int64_t count = std::min(kLanes, plan_.headDim - first);
      for (int64_t j = 0; j < count; j++) {
        spreadRow(plan_.layout, head.valueWeight + (first + j) * plan_.columns, head.valueBias + (first + j) * plan_.channels, kLanes,
                  rows.data() + j * size);
      }
      std::fill(rows.begin() + count * size, rows.end(), 0.0f);
      turnVectors(rows.data(), plan_.layout.vectors(), size, values + first * size);
    }
  }

  /** [vector][number][lane]. */
  void placeBackward(const HeadParameters& head, float* values) const {
    if (plan_.headDim < plan_.outWidth()) std::fill(values, values + plan_.headSize(), 0.0f);
    for (int64_t j = 0; j < plan_.headDim; j++) {
      spreadRow(plan_.layout, head.valueWeight + j * plan_.columns, head.valueBias + j * plan_.channels, kLanes * kLanes,
                values + j / kLanes * plan_.layout.size() * kLanes + j % kLanes * kLanes);
    }
  }

  const Plan& plan_;
  Tensor scorers_, values_;
};

/** A block of rows in the layout. */
class Block {
 public:
  Block(const ChannelAttentionInputs& in, const Plan& plan)
      : in_(in), plan_(plan), spread_(plan.blockRows * plan.layout.size()) {}

  ChannelRows read(int64_t first, int64_t count) {
    const int64_t padded = roundUp(count, kTileRows), step = padded * kLanes;
    if (count < padded) std::fill(spread_.begin(), spread_.end(), 0.0f);
    for (int64_t r = 0; r < count; r++) {
      const int64_t at = (first + r) * plan_.columns;
      if (isBf16(in_.patches)) spreadRow(plan_.layout, elements<Bf16>(in_.patches) + at, nullptr, step, spread_.data() + r * kLanes);
      else spreadRow(plan_.layout, elements<float>(in_.patches) + at, nullptr, step, spread_.data() + r * kLanes);
    }
    const bool* seen = in_.seen.defined() ? in_.seen.data_ptr<bool>() + first * plan_.channels : nullptr;
    return {spread_.data(), seen, count, padded};
  }

 private:
  const ChannelAttentionInputs& in_;
  const Plan& plan_;
  std::vector<float> spread_;
};

/** Sums of gradients over each part of the rows, for all heads. */
class PartialGradients {
 public:
  PartialGradients(const Plan& plan, int64_t parts)
      : plan_(plan),
        scorers_(at::zeros({parts, plan.heads, plan.layout.size()})),
        values_(at::zeros({parts, plan.heads, plan.headSize()})) {}

  ChannelGradients of(int64_t part, int64_t head) {
    return {scorers_[part][head].data_ptr<float>(), values_[part][head].data_ptr<float>()};
  }

  ChannelAttentionParameters totalLike(const ChannelAttentionParameters& parameters) const {
    const bool isOne = scorers_.size(0) == 1;
    const Tensor scorers = isOne ? scorers_[0] : scorers_.sum(0), values = isOne ? values_[0] : values_.sum(0);
    const ChannelAttentionParameters all{at::empty_like(parameters.scoreWeight), at::empty_like(parameters.scoreBias),
                                         at::empty_like(parameters.valueWeight), at::empty_like(parameters.valueBias)};
    at::parallel_for(0, plan_.heads, 1, [&](int64_t begin, int64_t end) {
      for (int64_t h = begin; h < end; h++) {
        const HeadParameters head = parametersOf(plan_, all, h);
        gatherRow(plan_.layout, scorers[h].data_ptr<float>(), kLanes, head.scoreWeight, head.scoreBias);
        const float* ofHead = values[h].data_ptr<float>();
        for (int64_t j = 0; j < plan_.headDim; j++) {
          const float* vectors = ofHead + j / kLanes * plan_.layout.size() * kLanes + j % kLanes * kLanes;
          gatherRow(plan_.layout, vectors, kLanes * kLanes, head.valueWeight + j * plan_.columns, head.valueBias + j * plan_.channels);
        }
      }
    });
    return all;
  }

 private:
  const Plan& plan_;
  Tensor scorers_, values_;
};

}  // namespace

Tensor blockwiseChannelAttention(const ChannelAttentionInputs& in) {
  const Plan plan(in);
  const Heads heads(in, plan, Direction::kForward);
  auto out = at::empty({in.rows(), in.width()}, in.parameters.scoreBias.options());
  auto* all = out.data_ptr<float>();
  at::parallel_for(0, (in.rows() + plan.blockRows - 1) / plan.blockRows, 1, [&](int64_t begin, int64_t end) {
    Block block(in, plan);
    std::vector<float> mixed(plan.blockRows * plan.outWidth()), scratch(forwardScratch(plan.layout, plan.valueVectors, plan.blockRows));
    for (int64_t first = begin * plan.blockRows; first < std::min(end * plan.blockRows, in.rows()); first += plan.blockRows) {
      const ChannelRows rows = block.read(first, std::min(plan.blockRows, in.rows() - first));
      for (int64_t h = 0; h < plan.heads; h++) {
        attendChannels(plan.layout, heads[h], rows, scratch.data(), mixed.data());
        for (int64_t r = 0; r < rows.count; r++) {
          std::copy_n(mixed.data() + r * plan.outWidth(), plan.headDim, all + (first + r) * in.width() + h * plan.headDim);
        }
      }
    }
  });
  return out;
}

ChannelAttentionParameters blockwiseChannelAttentionGrad(const ChannelAttentionInputs& in, const Tensor& dy) {
  const Plan plan(in);
  const Heads heads(in, plan, Direction::kBackward);
  const int64_t wanted = std::max<int64_t>(1, std::min((kTasks + plan.heads - 1) / plan.heads, in.rows() / kPartRows));
  const int64_t partRows = roundUp(std::max<int64_t>(1, (in.rows() + wanted - 1) / wanted), plan.blockRows);
  const int64_t parts = std::max<int64_t>(1, (in.rows() + partRows - 1) / partRows);
  // Heads that share a task share its rows' layout; how many do changes no sum.
  const int64_t shares = std::min(plan.heads, (at::get_num_threads() + parts - 1) / parts);
  PartialGradients partial(plan, parts);
  const auto* slopes = dy.data_ptr<float>();
  at::parallel_for(0, parts * shares, 1, [&](int64_t begin, int64_t end) {
    Block block(in, plan);
    std::vector<float> dout(plan.blockRows * plan.outWidth()), scratch(backwardScratch(plan.layout, plan.blockRows));
    for (int64_t task = begin; task < end; task++) {
      const int64_t part = task / shares, share = task % shares;
      const int64_t last = std::min((part + 1) * partRows, in.rows());
      for (int64_t first = part * partRows; first < last; first += plan.blockRows) {
        const ChannelRows rows = block.read(first, std::min(plan.blockRows, last - first));
        for (int64_t h = share * plan.heads / shares; h < (share + 1) * plan.heads / shares; h++) {
          std::fill(dout.begin(), dout.end(), 0.0f);
          for (int64_t r = 0; r < rows.count; r++) {
            std::copy_n(slopes + (first + r) * in.width() + h * plan.headDim, plan.headDim, dout.data() + r * plan.outWidth());
          }
          attendChannelsBackward(plan.layout, heads[h], rows, dout.data(), scratch.data(), partial.of(part, h));
        }
      }
    }
  });
  return partial.totalLike(in.parameters);
}

}  // namespace graticule
