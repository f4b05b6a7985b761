import * as tf from "@tensorflow/tfjs-core";
import { numbers } from "./on-torch.js";

/** A valid call of a kernel: fresh inputs, which the caller disposes of, and attributes. */
export interface KernelSample {
  readonly inputs: () => Record<string, tf.Tensor | tf.Tensor[]>;
  readonly attrs?: object;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const f32 = (...shape: number[]) => tf.tensor(numbers(sizeOf(shape), shape.length + 1), shape);
const unit = (...shape: number[]) => tf.tensor(numbers(sizeOf(shape), 2).map(Math.abs), shape);
const i32 = (values: number[], shape = [values.length]) => tf.tensor(values, shape, "int32");
const bool = (...shape: number[]) => tf.tensor(new Array(sizeOf(shape)).fill(1), shape, "bool");
const complex = (...shape: number[]) => tf.tidy(() => tf.complex(f32(...shape), unit(...shape)));

/** One call for each of several kernels of like inputs. */
function alike(names: string, inputs: KernelSample["inputs"], attrs?: object): Record<string, KernelSample> {
  return Object.fromEntries(names.split(" ").map((name) => [name, attrs ? { inputs, attrs } : { inputs }]));
}

const strings = (...values: string[]) => tf.tensor1d(values);

const unary =
  "Abs Acos Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Expm1 Floor IsFinite IsInf IsNan Neg OnesLike Reciprocal " +
  "Relu Relu6 Round Selu Sigmoid Sign Sin Sinh Softplus Square Tan Tanh ZerosLike Identity SumOfSquares FusedGelu FusedGeluTanh Diag";
const binary =
  "Add Atan2 FloorDiv Maximum Minimum Mod Multiply RealDiv SquaredDifference Sub Equal NotEqual Less LessEqual " +
  "Greater GreaterEqual";
const patches = { patchSize: 2, order: "channels-first", mean: [], std: [], normalize: true };
const attention = { numHeads: 2, numKeyValueHeads: 2, causal: false };
const dilation = { strides: [1, 1], pad: "same", dilations: [1, 1] };
const pool2d = { filterSize: [2, 2], strides: [2, 2], pad: "valid" };
const pool3d = { filterSize: [2, 2, 2], strides: [2, 2, 2], pad: "valid" };
const conv = { strides: [1, 1], pad: "same", dilations: [1, 1], dataFormat: "NHWC" };
const conv3d = { strides: [1, 1, 1], pad: "same", dilations: [1, 1, 1], dataFormat: "NDHWC" };
const lrn = { depthRadius: 2, bias: 1, alpha: 1, beta: 0.5 };
const boxes = () => ({ boxes: tf.tensor2d([0, 0, 1, 1, 0, 0.1, 1, 1.1, 2, 2, 3, 3], [3, 4]), scores: unit(3) });
const suppression = { maxOutputSize: 2, iouThreshold: 0.5, scoreThreshold: 0, padToMaxOutputSize: true };
const size = { size: [6, 9], alignCorners: false, halfPixelCenters: true };

/** By kernel name. */
export const kernelSamples: Readonly<Record<string, KernelSample>> = {
  ...alike(unary, () => ({ x: f32(7) })),
  ...alike("Acosh Log Log1p Rsqrt Sqrt", () => ({ x: tf.tidy(() => tf.add(unit(7), 1)) })),
  ...alike("LogicalNot", () => ({ x: bool(5) })),
  ...alike("ComplexAbs", () => ({ x: complex(5) })),
  ...alike("Real Imag", () => ({ input: complex(5) })),
  ...alike("FFT IFFT", () => ({ input: complex(3, 8) })),
  ...alike(binary, () => ({ a: f32(3, 1), b: f32(4) })),
  ...alike("Pow", () => ({ a: unit(4), b: f32(4) })),
  ...alike("BitwiseAnd", () => ({ a: i32([1, 6]), b: i32([3, 3]) })),
  ...alike("LogicalAnd LogicalOr LogicalXor", () => ({ a: bool(4), b: bool(4) })),
  ...alike("Complex", () => ({ real: f32(4), imag: f32(4) })),
  ...alike("Prelu", () => ({ x: f32(2, 3), alpha: f32(3) })),
  ...alike("EluGrad", () => ({ dy: f32(4), y: f32(4) })),
  ...alike("Step LeakyRelu", () => ({ x: f32(4) }), { alpha: 0.5 }),
  ...alike("ClipByValue", () => ({ x: f32(4) }), { clipValueMin: -0.5, clipValueMax: 0.5 }),
  ...alike("Cast", () => ({ x: f32(4) }), { dtype: "int32" }),
  ...alike("AddN", () => ({ 0: f32(4), 1: f32(4) })),
  ...alike("Select", () => ({ condition: bool(4), t: f32(4), e: f32(4) })),
  ...alike("Sum Mean Prod", () => ({ x: f32(2, 3) }), { axis: [1], keepDims: true }),
  ...alike("All Any", () => ({ x: bool(2, 3) }), { axis: [0], keepDims: false }),
  ...alike("Max Min", () => ({ x: f32(2, 3) }), { reductionIndices: [1], axis: [1], keepDims: false }),
  ...alike("ArgMax ArgMin", () => ({ x: f32(2, 3) }), { axis: 1 }),
  ...alike("Cumsum Cumprod", () => ({ x: f32(2, 3) }), { axis: 1, exclusive: true, reverse: true }),
  ...alike("Softmax LogSoftmax", () => ({ logits: f32(2, 3) }), { dim: 1, axis: 1 }),
  ...alike("TopK", () => ({ x: f32(2, 5) }), { k: 2, sorted: true }),
  ...alike("Bincount DenseBincount", () => ({ x: i32([0, 2, 2]), weights: tf.tensor1d([]) }), { size: 3 }),
  ...alike("Reshape", () => ({ x: f32(2, 6) }), { shape: [3, 4] }),
  ...alike("ExpandDims", () => ({ input: f32(2, 6) }), { dim: 1 }),
  ...alike("Transpose", () => ({ x: f32(2, 6) }), { perm: [1, 0] }),
  ...alike("Concat Pack", () => ({ 0: f32(2, 3), 1: f32(2, 3) }), { axis: 1 }),
  ...alike("Unpack", () => ({ value: f32(2, 3) }), { axis: 0 }),
  ...alike("SplitV", () => ({ x: f32(2, 6) }), { numOrSizeSplits: [2, 4], axis: 1 }),
  ...alike("Slice", () => ({ x: f32(4, 6) }), { begin: [1, 2], size: [2, 3] }),
  ...alike("StridedSlice", () => ({ x: f32(4, 6) }), {
    ...{ begin: [3, 0], end: [0, 6], strides: [-1, 2], beginMask: 0, endMask: 0 },
    ...{ ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 },
  }),
  ...alike("PadV2", () => ({ x: f32(2, 3) }), {
    paddings: [
      [1, 1],
      [0, 2],
    ],
    constantValue: 1,
  }),
  ...alike("MirrorPad", () => ({ x: f32(3, 3) }), {
    paddings: [
      [1, 1],
      [0, 2],
    ],
    mode: "reflect",
  }),
  ...alike("Tile", () => ({ x: f32(2, 3) }), { reps: [2, 1] }),
  ...alike("BroadcastTo", () => ({ x: f32(1, 3) }), { shape: [2, 3], inputShape: [1, 3] }),
  ...alike("BroadcastArgs", () => ({ s0: i32([1, 3]), s1: i32([2, 1]) })),
  ...alike("Reverse", () => ({ x: f32(2, 3) }), { dims: [1] }),
  ...alike("Fill", () => ({}), { shape: [2, 3], value: 4, dtype: "float32" }),
  ...alike("LinSpace", () => ({}), { start: 0, stop: 1, num: 5 }),
  ...alike("Range", () => ({}), { start: 0, stop: 5, step: 2, dtype: "float32" }),
  ...alike("GatherV2", () => ({ x: f32(4, 3), indices: i32([1, 3]) }), { axis: 0, batchDims: 0 }),
  ...alike("GatherNd", () => ({ params: f32(4, 3), indices: i32([1, 2], [1, 2]) })),
  ...alike("ScatterNd", () => ({ indices: i32([1, 3], [2, 1]), updates: f32(2, 5) }), { shape: [4, 5] }),
  ...alike("TensorScatterUpdate", () => ({ tensor: f32(4), indices: i32([1], [1, 1]), updates: f32(1) })),
  ...alike(
    "SparseToDense",
    () => ({ sparseIndices: i32([1, 3], [2, 1]), sparseValues: f32(2), defaultValue: tf.scalar(0) }),
    { outputShape: [5] },
  ),
  ...alike("UnsortedSegmentSum", () => ({ x: f32(3, 2), segmentIds: i32([0, 1, 0]) }), { numSegments: 2 }),
  ...alike("SearchSorted", () => ({ sortedSequence: tf.tensor2d([[1, 2, 3]]), values: tf.tensor2d([[2.5]]) }), {
    side: "left",
  }),
  ...alike("OneHot", () => ({ indices: i32([0, 2]) }), { depth: 3, onValue: 1, offValue: 0, dtype: "float32" }),
  ...alike("BatchMatMul", () => ({ a: f32(2, 3, 4), b: f32(2, 5, 4) }), { transposeA: false, transposeB: true }),
  ...alike("_FusedMatMul", () => ({ a: f32(1, 3, 4), b: f32(1, 4, 5), bias: f32(5), preluActivationWeights: f32(5) }), {
    transposeA: false,
    transposeB: false,
    activation: "prelu",
  }),
  ...alike("Einsum", () => ({ 0: f32(3, 4), 1: f32(4, 5) }), { equation: "ij,jk->ik" }),
  ...alike("Conv2D", () => ({ x: f32(2, 5, 4, 2), filter: f32(3, 3, 2, 3) }), conv),
  ...alike("Conv2DBackpropInput", () => ({ dy: f32(2, 5, 4, 3), filter: f32(3, 3, 2, 3) }), {
    ...conv,
    inputShape: [2, 5, 4, 2],
  }),
  ...alike("Conv2DBackpropFilter", () => ({ x: f32(2, 5, 4, 2), dy: f32(2, 5, 4, 3) }), {
    ...conv,
    filterShape: [3, 3, 2, 3],
  }),
  ...alike("Conv3D", () => ({ x: f32(1, 3, 5, 4, 2), filter: f32(3, 3, 3, 2, 3) }), conv3d),
  ...alike("Conv3DBackpropInputV2", () => ({ dy: f32(1, 3, 5, 4, 3), filter: f32(3, 3, 3, 2, 3) }), {
    ...conv3d,
    inputShape: [1, 3, 5, 4, 2],
  }),
  ...alike("Conv3DBackpropFilterV2", () => ({ x: f32(1, 3, 5, 4, 2), dy: f32(1, 3, 5, 4, 3) }), {
    ...conv3d,
    filterShape: [3, 3, 3, 2, 3],
  }),
  ...alike("DepthwiseConv2dNative", () => ({ x: f32(2, 5, 4, 2), filter: f32(3, 3, 2, 2) }), conv),
  ...alike("DepthwiseConv2dNativeBackpropInput", () => ({ dy: f32(2, 5, 4, 4), filter: f32(3, 3, 2, 2) }), {
    ...conv,
    inputShape: [2, 5, 4, 2],
  }),
  ...alike("DepthwiseConv2dNativeBackpropFilter", () => ({ x: f32(2, 5, 4, 2), dy: f32(2, 5, 4, 4) }), {
    ...conv,
    filterShape: [3, 3, 2, 2],
  }),
  ...alike("FusedConv2D", () => ({ x: f32(2, 5, 4, 2), filter: f32(3, 3, 2, 3), bias: f32(3) }), {
    ...conv,
    activation: "relu",
  }),
  ...alike("FusedDepthwiseConv2D", () => ({ x: f32(2, 5, 4, 2), filter: f32(3, 3, 2, 2), bias: f32(4) }), {
    ...conv,
    activation: "relu",
  }),
  ...alike("AvgPool MaxPool", () => ({ x: f32(2, 4, 6, 3) }), pool2d),
  ...alike("AvgPool3D MaxPool3D", () => ({ x: f32(1, 4, 6, 2, 3) }), pool3d),
  ...alike(
    "AvgPoolGrad MaxPoolGrad",
    () => ({ dy: f32(2, 2, 3, 3), input: f32(2, 4, 6, 3), output: f32(2, 2, 3, 3) }),
    pool2d,
  ),
  ...alike(
    "AvgPool3DGrad MaxPool3DGrad",
    () => ({ dy: f32(1, 2, 3, 1, 3), input: f32(1, 4, 6, 2, 3), output: f32(1, 2, 3, 1, 3) }),
    pool3d,
  ),
  ...alike("ResizeBilinear ResizeNearestNeighbor", () => ({ images: f32(2, 3, 4, 3) }), size),
  ...alike(
    "ResizeBilinearGrad ResizeNearestNeighborGrad",
    () => ({ images: f32(2, 3, 4, 3), dy: f32(2, 6, 9, 3) }),
    size,
  ),
  ...alike("FlipLeftRight", () => ({ image: f32(2, 3, 4, 3) })),
  ...alike("LRN", () => ({ x: f32(2, 3, 4, 5) }), lrn),
  ...alike("LRNGrad", () => ({ x: f32(2, 3, 4, 5), y: f32(2, 3, 4, 5), dy: f32(2, 3, 4, 5) }), lrn),
  ...alike(
    "FusedBatchNorm",
    () => ({ x: f32(2, 3, 4, 5), scale: f32(5), offset: f32(5), mean: f32(5), variance: unit(5) }),
    { varianceEpsilon: 0.001 },
  ),
  ...alike("SpaceToBatchND", () => ({ x: f32(2, 4, 6, 3) }), {
    blockShape: [2, 2],
    paddings: [
      [0, 0],
      [2, 0],
    ],
  }),
  ...alike("BatchToSpaceND", () => ({ x: f32(8, 2, 3, 3) }), {
    blockShape: [2, 2],
    crops: [
      [0, 0],
      [1, 0],
    ],
  }),
  ...alike("DepthToSpace", () => ({ x: f32(2, 2, 3, 8) }), { blockSize: 2, dataFormat: "NHWC" }),
  ...alike("NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5", boxes, { ...suppression, softNmsSigma: 0.1 }),
  ...alike("Multinomial", () => ({ logits: f32(2, 3) }), { numSamples: 4, seed: 0.5, normalized: false }),
  ...alike("FusedLinear", () => ({ x: f32(2, 3, 4), weight: f32(5, 4), bias: f32(5), residual: f32(2, 3, 5) }), {
    inputActivation: "gelu",
  }),
  ...alike("FusedLinearGrad", () => ({ dy: f32(2, 3, 5), x: f32(2, 3, 4), weight: f32(5, 4) }), {
    inputActivation: "gelu",
    hasBias: true,
  }),
  ...alike("FusedLayerNorm", () => ({ x: f32(2, 3, 4), gamma: f32(4), beta: f32(4) }), {
    ...{ epsilon: 1e-6, forGradient: true },
  }),
  ...alike("FusedScaleRows", () => ({ x: f32(2, 3, 4), gamma: f32(4), beta: f32(4) })),
  ...alike("FusedLayerNormGrad", () => ({
    ...{ dy: f32(2, 3, 4), x: f32(2, 3, 4), gamma: f32(4) },
    ...{ mean: f32(6), rstd: unit(6) },
  })),
  ...alike("FusedSelfAttention", () => ({ qkv: f32(2, 5, 24) }), { numHeads: 2 }),
  ...alike(
    "FusedSelfAttentionGrad",
    () => ({ dy: f32(2, 5, 8), qkv: f32(2, 5, 24), out: f32(2, 5, 8), logSumExp: f32(2, 2, 5) }),
    { numHeads: 2 },
  ),
  ...alike("FusedGeluGrad FusedGeluTanhGrad", () => ({ dy: f32(4), x: f32(4) })),
  ...alike("FusedAdamW", () => ({ param: f32(9), grad: f32(9), firstMoment: f32(9), secondMoment: unit(9) }), {
    ...{ learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.05, step: 1, gradScale: 1 },
  }),
  ...alike("FusedAttention", () => ({ q: f32(2, 5, 8), k: f32(2, 3, 8), v: f32(2, 3, 8) }), attention),
  ...alike(
    "FusedAttentionGrad",
    () => ({
      ...{ dy: f32(2, 5, 8), out: f32(2, 5, 8), logSumExp: f32(2, 2, 5) },
      ...{ q: f32(2, 5, 8), k: f32(2, 3, 8), v: f32(2, 3, 8) },
    }),
    attention,
  ),
  ...alike("FusedQueryAttention", () => ({ tokens: f32(4, 3, 8), scoreWeight: f32(2, 8), mask: bool(4, 3) })),
  ...alike("FusedQueryAttentionGrad", () => ({
    ...{ dy: f32(4, 2, 8), logSumExp: f32(4, 2), tokens: f32(4, 3, 8), scoreWeight: f32(2, 8) },
  })),
  ...alike("FusedChannelAttention FusedChannelAttentionGrad", () => ({
    ...{ dy: f32(5, 6), patches: f32(5, 12), scoreWeight: f32(2, 12), scoreBias: f32(2, 3) },
    ...{ valueWeight: f32(6, 12), valueBias: f32(6, 3), mask: bool(5, 3) },
  })),
  ...alike("FusedRmsNorm", () => ({ x: f32(2, 3, 4), gamma: f32(4) }), { epsilon: 1e-6 }),
  ...alike("FusedRmsNormGrad", () => ({ dy: f32(2, 3, 4), x: f32(2, 3, 4), gamma: f32(4), rstd: unit(6) })),
  ...alike("FusedSoftmaxCrossEntropy", () => ({ logits: f32(3, 4), labels: i32([0, 3, 1]) }), { labelSmoothing: 0.1 }),
  ...alike("FusedLatitudeError FusedLatitudeErrorGrad", () => ({
    ...{ dy: tf.scalar(1), prediction: f32(2, 3, 4, 5), target: f32(2, 3, 4, 5) },
    ...{ latitudeWeights: unit(4), variableWeights: unit(3) },
  })),
  ...alike("FusedGatherPatches", () => ({ images: f32(2, 3, 4, 6), patches: i32([0, 5, 2, 1], [2, 2]) }), patches),
  ...alike(
    "FusedPatchError FusedPatchErrorGrad",
    () => ({ dy: tf.scalar(1), prediction: f32(2, 6, 12), mask: unit(2, 6), images: f32(2, 3, 4, 6) }),
    patches,
  ),
  ...alike("FusedGatherTokens", () => ({ x: f32(2, 4, 3), indices: i32([0, 3, 2, 1], [2, 2]) })),
  ...alike("FusedScatterTokens", () => ({ dy: f32(2, 2, 3), indices: i32([0, 3, 2, 1], [2, 2]) }), { tokens: 4 }),
  ...alike("CropAndResize", () => ({ image: f32(2, 4, 6, 3), boxes: tf.tensor2d([[0, 0, 1, 1]]), boxInd: i32([1]) }), {
    cropSize: [3, 3],
    method: "bilinear",
    extrapolationValue: 0,
  }),
  ...alike("Transform", () => ({ image: f32(2, 4, 6, 3), transforms: tf.tensor2d([[1, 0, 1, 0, 1, 1, 0, 0]]) }), {
    interpolation: "bilinear",
    fillMode: "constant",
    fillValue: 0,
    outputShape: [4, 6],
  }),
  ...alike("RotateWithOffset", () => ({ image: f32(2, 4, 6, 3) }), { radians: 0.5, fillValue: 0, center: 0.5 }),
  ...alike("MaxPoolWithArgmax", () => ({ x: f32(2, 4, 6, 3) }), { ...pool2d, includeBatchInIndex: true }),
  ...alike("Dilation2D", () => ({ x: f32(2, 4, 6, 3), filter: f32(2, 2, 3) }), dilation),
  ...alike(
    "Dilation2DBackpropInput Dilation2DBackpropFilter",
    () => ({ x: f32(2, 4, 6, 3), filter: f32(2, 2, 3), dy: f32(2, 4, 6, 3) }),
    dilation,
  ),
  ...alike("SparseSegmentSum SparseSegmentMean", () => ({
    ...{ data: f32(4, 2), indices: i32([3, 0, 1]), segmentIds: i32([0, 0, 2]) },
  })),
  ...alike("Unique", () => ({ x: i32([3, 1, 3]) }), { axis: 0 }),
  ...alike(
    "RaggedGather",
    () => ({ paramsNestedSplits: [i32([0, 2, 3])], paramsDenseValues: f32(3), indices: i32([1, 0]) }),
    { outputRaggedRank: 1 },
  ),
  ...alike("RaggedRange", () => ({ starts: f32(1), limits: tf.tensor1d([3]), deltas: tf.tensor1d([1]) })),
  ...alike("StringSplit", () => ({ input: strings("a b", "c"), delimiter: tf.scalar(" ") }), { skipEmpty: true }),
  ...alike("StringToHashBucketFast", () => ({ input: strings("a", "b") }), { numBuckets: 7 }),
  ...alike("StaticRegexReplace", () => ({ x: strings("a", "b") }), { pattern: "a", rewrite: "c", replaceGlobal: true }),
  ...alike("StringNGrams", () => ({ data: strings("a", "b", "c"), dataSplits: i32([0, 3]) }), {
    ...{ separator: " ", nGramWidths: [2], leftPad: "", rightPad: "", padWidth: 0, preserveShortSequences: false },
  }),
  ...alike("SparseReshape", () => ({
    ...{ inputIndices: i32([0, 1], [1, 2]), inputShape: i32([2, 3]), newShape: i32([3, 2]) },
  })),
  ...alike("SparseFillEmptyRows", () => ({
    ...{ indices: i32([1, 0], [1, 2]), values: f32(1), denseShape: i32([2, 2]), defaultValue: tf.scalar(0) },
  })),
  ...alike(
    "RaggedTensorToTensor",
    () => ({ shape: i32([2, 2]), values: f32(3), defaultValue: tf.scalar(0), rowPartitionTensors: [i32([0, 2, 3])] }),
    { rowPartitionTypes: ["ROW_SPLITS"] },
  ),
};
