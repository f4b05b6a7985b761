import {
  type BroadCastToAttrs,
  backend_util,
  broadcast_util,
  type ConcatAttrs,
  type ExpandDimsAttrs,
  type FillAttrs,
  type KernelConfig,
  type LinSpaceAttrs,
  type MirrorPadAttrs,
  type PackAttrs,
  type PadV2Attrs,
  type RangeAttrs,
  type ReshapeAttrs,
  type ReverseAttrs,
  type SliceAttrs,
  type SplitVAttrs,
  type StridedSliceAttrs,
  slice_util,
  type Tensor,
  type TensorInfo,
  type TileAttrs,
  type TransposeAttrs,
  type UnpackAttrs,
  util,
} from "@tensorflow/tfjs-core";
import { customKernel, type Inputs, kernel, readValues } from "../define-kernel.js";
import { dtypeCode } from "../dtype.js";
import { nativeKernel } from "../kernel-call.js";

const listed = (inputs: Inputs): TensorInfo[] => Object.values(inputs);

const fill = nativeKernel("Fill");

function sliceArgs({ x }: Inputs, { begin, size }: SliceAttrs): [TensorInfo, number[], number[]] {
  const [start, extent] = slice_util.parseSliceParams(x as Tensor, begin, size) as [number[], number[]];
  slice_util.assertParamsValid(x!, start, extent);
  return [x!, start, extent];
}

function stridedSliceInfo({ x }: Inputs, attrs: StridedSliceAttrs) {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const;
  return slice_util.sliceInfo(x!.shape, begin, end, strides, ...masks);
}

function packArgs(inputs: Inputs, axis: number): [TensorInfo[], number] {
  const values = listed(inputs);
  for (const value of values) {
    util.assert(value.dtype === values[0]!.dtype, () => "All tensors passed to stack must have matching dtypes");
    util.assertShapesMatch(value.shape, values[0]!.shape, "All tensors passed to stack must have matching shapes");
  }
  return [values, axis];
}

function checkedReshape(x: TensorInfo, wanted: number[]): number[] {
  const size = util.sizeFromShape(x.shape);
  const shape = util.inferFromImplicitShape(wanted, size);
  util.assert(size === util.sizeFromShape(shape), () => `torch Reshape: [${x.shape}] does not fit [${shape}].`);
  return shape;
}

/** The number of elements of a range, as every tfjs backend counts it. */
function rangeValues({ start, stop, step: given, dtype }: RangeAttrs): Float32Array | Int32Array {
  // A step of 1 is the default, which also counts down.
  const step = stop < start && given === 1 ? -1 : given;
  const reachable = start < stop ? step > 0 : stop < start && step < 0;
  const count = reachable ? Math.abs(Math.ceil((stop - start) / step)) : 0;
  const values = dtype === "int32" ? new Int32Array(count) : new Float32Array(count);
  for (let i = 0, value = start; i < count; i++, value += step) values[i] = value;
  return values;
}

/** Kernels that move or make elements and compute nothing. */
export const layoutKernels: KernelConfig[] = [
  customKernel("Identity", ({ x }, _, backend) => backend.share(x!, x!.shape)),
  customKernel<ReshapeAttrs>("Reshape", ({ x }, { shape }, backend) => backend.share(x!, checkedReshape(x!, shape))),
  customKernel<ExpandDimsAttrs>("ExpandDims", ({ input }, { dim }, backend) => {
    const shape = input!.shape.slice();
    util.assert(
      -(shape.length + 1) <= dim && dim <= shape.length,
      () => `torch ExpandDims: dim ${dim} is out of range.`,
    );
    shape.splice(dim < 0 ? input!.shape.length + dim + 1 : dim, 0, 1);
    return backend.share(input!, shape);
  }),
  kernel<TransposeAttrs>("Transpose", { movesOnly: true, args: ({ x }, { perm }) => [x!, perm] }),
  kernel<ConcatAttrs>("Concat", {
    movesOnly: true,
    args: (inputs, { axis }) => {
      const values = listed(inputs);
      const dim = util.parseAxisParam(axis, values[0]!.shape)[0]!;
      backend_util.assertParamsConsistent(
        values.map(({ shape }) => shape),
        dim,
      );
      return [values, dim];
    },
  }),
  kernel<PackAttrs>("Pack", { movesOnly: true, args: (inputs, { axis }) => packArgs(inputs, axis) }),
  kernel<UnpackAttrs>("Unpack", { movesOnly: true, listOutput: true, args: ({ value }, { axis }) => [value!, axis] }),
  kernel<SplitVAttrs>("SplitV", {
    movesOnly: true,
    listOutput: true,
    args: ({ x }, { numOrSizeSplits, axis }) => {
      const dim = util.parseAxisParam(axis, x!.shape)[0]!;
      return [x!, backend_util.prepareSplitSize(x as never, numOrSizeSplits, dim), dim];
    },
  }),
  kernel<SliceAttrs>("Slice", { movesOnly: true, args: sliceArgs }),
  kernel<StridedSliceAttrs>("StridedSlice", {
    movesOnly: true,
    args: (inputs, attrs) => {
      const { begin, end, strides } = stridedSliceInfo(inputs, attrs);
      return [inputs.x!, begin, slice_util.computeOutShape(begin, end, strides), strides];
    },
    outputShape: (inputs, attrs) => stridedSliceInfo(inputs, attrs).finalShape,
  }),
  kernel<PadV2Attrs>("PadV2", {
    args: ({ x }, { paddings, constantValue }) => [x!, paddings.flat(), constantValue],
  }),
  kernel<MirrorPadAttrs>("MirrorPad", {
    args: ({ x }, { paddings, mode }) => [x!, paddings.flat(), mode === "reflect" ? 1 : 0],
  }),
  kernel<TileAttrs>("Tile", { movesOnly: true, args: ({ x }, { reps }) => [x!, reps] }),
  kernel<BroadCastToAttrs>("BroadcastTo", { movesOnly: true, args: ({ x }, { shape }) => [x!, shape] }),
  customKernel("BroadcastArgs", ({ s0, s1 }, _, backend) => {
    const [a, b] = [s0!, s1!].map((tensor) => Array.from(readValues(backend, tensor)));
    const shape = broadcast_util.assertAndGetBroadcastShape(a!, b!);
    return backend.makeTensorInfo([shape.length], "int32", Int32Array.from(shape));
  }),
  kernel<ReverseAttrs>("Reverse", {
    movesOnly: true,
    args: ({ x }, { dims }) => [x!, util.parseAxisParam(dims, x!.shape)],
  }),
  customKernel<FillAttrs>("Fill", (_, { shape, value, dtype }, backend) => {
    const inferred = dtype ?? util.inferDtype(value);
    if (inferred === "string") {
      const values = new Array(util.sizeFromShape(shape)).fill(util.encodeString(value as string));
      return backend.makeTensorInfo(shape, "string", values);
    }
    return fill(backend, [shape, value as number, dtypeCode(inferred)])[0]!;
  }),
  kernel<LinSpaceAttrs>("LinSpace", { args: (_, { start, stop, num }) => [start, stop, num] }),
  customKernel<RangeAttrs>("Range", (_, attrs, backend) => {
    const values = rangeValues(attrs);
    return backend.makeTensorInfo([values.length], attrs.dtype, values);
  }),
];
