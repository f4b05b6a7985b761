import {
  backend_util,
  type GatherV2Attrs,
  type KernelConfig,
  type OneHotAttrs,
  type ScatterNdAttrs,
  type SearchSortedAttrs,
  type TensorInfo,
  type UnsortedSegmentSumAttrs,
  util,
} from "@tensorflow/tfjs-core";
import { type Inputs, kernel } from "../define-kernel.js";
import { dtypeCode } from "../dtype.js";

/** The same tensor under another shape, for the length of one call. */
export const viewed = (tensor: TensorInfo, shape: number[]): TensorInfo => ({ ...tensor, shape });

function gatherInfo({ x, indices }: Inputs, { axis, batchDims }: GatherV2Attrs) {
  const dim = util.parseAxisParam(axis, x!.shape)[0]!;
  return backend_util.segment_util.collectGatherOpShapeInfo(x as never, indices as never, dim, batchDims ?? 0);
}

/** Indices `[count, depth]` and slices `[count, slice]` of a table of shape `shape`. */
export function scatterArgs(indices: TensorInfo, updates: TensorInfo, shape: number[]) {
  const { sliceRank, numUpdates, sliceSize } = backend_util.calculateShapes(updates, indices, shape);
  return {
    indices: viewed(indices, [numUpdates, sliceRank]),
    updates: viewed(updates, [numUpdates, sliceSize]),
    dims: shape.slice(0, sliceRank),
    sliceSize,
  };
}

/** Gather, scatter, segment sums and one-hot codes. */
export const indexingKernels: KernelConfig[] = [
  kernel<GatherV2Attrs>("GatherV2", {
    movesOnly: true,
    args: (inputs, attrs) => {
      const { batchSize, outerSize, dimSize, sliceSize } = gatherInfo(inputs, attrs);
      const count = batchSize === 0 ? 0 : util.sizeFromShape(inputs.indices!.shape) / batchSize;
      return [
        viewed(inputs.x!, [batchSize, outerSize, dimSize, sliceSize]),
        viewed(inputs.indices!, [batchSize, count]),
      ];
    },
    outputShape: (inputs, attrs) => gatherInfo(inputs, attrs).outputShape,
  }),
  kernel("GatherNd", {
    movesOnly: true,
    args: ({ params, indices }) => {
      const depth = indices!.shape.at(-1) ?? 0;
      const [, count, sliceSize] = backend_util.prepareAndValidate(params!, indices!);
      const dims = params!.shape.slice(0, depth);
      return [viewed(params!, [util.sizeFromShape(dims), sliceSize]), viewed(indices!, [count, depth]), dims];
    },
    outputShape: ({ params, indices }) => backend_util.prepareAndValidate(params!, indices!)[0],
  }),
  kernel<ScatterNdAttrs>("ScatterNd", {
    args: (inputs, { shape }) => {
      const { indices, updates, dims } = scatterArgs(inputs.indices!, inputs.updates!, shape);
      return [indices, updates, dims];
    },
    outputShape: (_, { shape }) => shape,
  }),
  kernel("TensorScatterUpdate", {
    args: (inputs) => {
      const { indices, updates, dims, sliceSize } = scatterArgs(inputs.indices!, inputs.updates!, inputs.tensor!.shape);
      return [viewed(inputs.tensor!, [util.sizeFromShape(dims), sliceSize]), indices, updates, dims];
    },
    outputShape: ({ tensor }) => tensor!.shape,
  }),
  kernel<UnsortedSegmentSumAttrs>("UnsortedSegmentSum", {
    args: ({ x, segmentIds }, { numSegments }) => {
      const rows = util.sizeFromShape(segmentIds!.shape);
      const inner = util.sizeFromShape(x!.shape) / Math.max(rows, 1);
      return [viewed(x!, [rows, inner]), viewed(segmentIds!, [rows]), numSegments];
    },
    outputShape: ({ x, segmentIds }, { numSegments }) => [numSegments, ...x!.shape.slice(segmentIds!.shape.length)],
  }),
  kernel<SearchSortedAttrs>("SearchSorted", {
    args: ({ sortedSequence, values }, { side }) => [sortedSequence!, values!, side === "right"],
  }),
  kernel("Diag", { args: ({ x }) => [x!], outputShape: ({ x }) => [...x!.shape, ...x!.shape] }),
  kernel<OneHotAttrs>("OneHot", {
    args: ({ indices }, { depth, onValue, offValue, dtype }) => [
      indices!,
      depth,
      onValue,
      offValue,
      dtypeCode(dtype ?? "float32"),
    ],
  }),
];
