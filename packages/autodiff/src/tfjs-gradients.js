// biome-ignore-all lint: generated
// biome-ignore-all format: generated
// biome-ignore-all assist: generated
/**
 * The derivatives of tfjs-core 4.22.0's kernels, bundled from its dist/register_all_gradients.js
 * by scripts/make-tfjs-gradients.mjs. Do not edit.
 *
 * @license
 * Copyright 2018-2022 Google LLC. All Rights Reserved. Licensed under the Apache License, Version 2.0.
 */

// kernel_names.js
var Abs = "Abs";
var Acos = "Acos";
var Acosh = "Acosh";
var Add = "Add";
var AddN = "AddN";
var ArgMax = "ArgMax";
var ArgMin = "ArgMin";
var Asin = "Asin";
var Asinh = "Asinh";
var Atan = "Atan";
var Atanh = "Atanh";
var Atan2 = "Atan2";
var AvgPool = "AvgPool";
var AvgPoolGrad = "AvgPoolGrad";
var AvgPool3D = "AvgPool3D";
var AvgPool3DGrad = "AvgPool3DGrad";
var BatchMatMul = "BatchMatMul";
var BatchToSpaceND = "BatchToSpaceND";
var BroadcastTo = "BroadcastTo";
var Cast = "Cast";
var Ceil = "Ceil";
var ClipByValue = "ClipByValue";
var ComplexAbs = "ComplexAbs";
var Concat = "Concat";
var Conv2D = "Conv2D";
var Conv2DBackpropFilter = "Conv2DBackpropFilter";
var Conv2DBackpropInput = "Conv2DBackpropInput";
var Conv3D = "Conv3D";
var Conv3DBackpropFilterV2 = "Conv3DBackpropFilterV2";
var Conv3DBackpropInputV2 = "Conv3DBackpropInputV2";
var Cos = "Cos";
var Cosh = "Cosh";
var Cumsum = "Cumsum";
var DepthwiseConv2dNative = "DepthwiseConv2dNative";
var DepthwiseConv2dNativeBackpropFilter = "DepthwiseConv2dNativeBackpropFilter";
var DepthwiseConv2dNativeBackpropInput = "DepthwiseConv2dNativeBackpropInput";
var Dilation2D = "Dilation2D";
var Dilation2DBackpropInput = "Dilation2DBackpropInput";
var Dilation2DBackpropFilter = "Dilation2DBackpropFilter";
var RealDiv = "RealDiv";
var Elu = "Elu";
var EluGrad = "EluGrad";
var Erf = "Erf";
var Exp = "Exp";
var ExpandDims = "ExpandDims";
var Expm1 = "Expm1";
var Floor = "Floor";
var FloorDiv = "FloorDiv";
var FusedBatchNorm = "FusedBatchNorm";
var GatherV2 = "GatherV2";
var GreaterEqual = "GreaterEqual";
var Identity = "Identity";
var IsFinite = "IsFinite";
var IsInf = "IsInf";
var IsNan = "IsNan";
var LeakyRelu = "LeakyRelu";
var Log = "Log";
var Log1p = "Log1p";
var LogSoftmax = "LogSoftmax";
var LRN = "LRN";
var LRNGrad = "LRNGrad";
var Max = "Max";
var Maximum = "Maximum";
var MaxPool = "MaxPool";
var MaxPoolGrad = "MaxPoolGrad";
var MaxPool3D = "MaxPool3D";
var MaxPool3DGrad = "MaxPool3DGrad";
var Mean = "Mean";
var Min = "Min";
var Minimum = "Minimum";
var MirrorPad = "MirrorPad";
var Mod = "Mod";
var Multiply = "Multiply";
var Neg = "Neg";
var OnesLike = "OnesLike";
var OneHot = "OneHot";
var Pack = "Pack";
var PadV2 = "PadV2";
var Pow = "Pow";
var Prelu = "Prelu";
var Prod = "Prod";
var Reciprocal = "Reciprocal";
var Relu = "Relu";
var Reshape = "Reshape";
var ResizeNearestNeighbor = "ResizeNearestNeighbor";
var ResizeNearestNeighborGrad = "ResizeNearestNeighborGrad";
var ResizeBilinear = "ResizeBilinear";
var ResizeBilinearGrad = "ResizeBilinearGrad";
var Relu6 = "Relu6";
var Reverse = "Reverse";
var Round = "Round";
var Rsqrt = "Rsqrt";
var Select = "Select";
var Selu = "Selu";
var Slice = "Slice";
var Sin = "Sin";
var Sinh = "Sinh";
var Sign = "Sign";
var Sigmoid = "Sigmoid";
var Softplus = "Softplus";
var Sqrt = "Sqrt";
var Sum = "Sum";
var SpaceToBatchND = "SpaceToBatchND";
var SplitV = "SplitV";
var Softmax = "Softmax";
var SquaredDifference = "SquaredDifference";
var Square = "Square";
var Sub = "Sub";
var Tan = "Tan";
var Tanh = "Tanh";
var Tile = "Tile";
var Transpose = "Transpose";
var Unpack = "Unpack";
var UnsortedSegmentSum = "UnsortedSegmentSum";
var ZerosLike = "ZerosLike";
var Step = "Step";

// ops/cast.js
import * as tf from "@tensorflow/tfjs-core";
var cast2 = (...args) => tf.cast(...args);

// ops/mul.js
import * as tf2 from "@tensorflow/tfjs-core";
var mul2 = (...args) => tf2.mul(...args);

// ops/step.js
import * as tf3 from "@tensorflow/tfjs-core";
var step2 = (...args) => tf3.step(...args);

// gradients/Abs_grad.js
var absGradConfig = {
  kernelName: Abs,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(dy, step2(cast2(x, "float32"), -1)) };
  }
};

// ops/div.js
import * as tf4 from "@tensorflow/tfjs-core";
var div2 = (...args) => tf4.div(...args);

// ops/neg.js
import * as tf5 from "@tensorflow/tfjs-core";
var neg2 = (...args) => tf5.neg(...args);

// ops/scalar.js
import * as tf6 from "@tensorflow/tfjs-core";
var scalar2 = (...args) => tf6.scalar(...args);

// ops/sqrt.js
import * as tf7 from "@tensorflow/tfjs-core";
var sqrt2 = (...args) => tf7.sqrt(...args);

// ops/square.js
import * as tf8 from "@tensorflow/tfjs-core";
var square2 = (...args) => tf8.square(...args);

// ops/sub.js
import * as tf9 from "@tensorflow/tfjs-core";
var sub2 = (...args) => tf9.sub(...args);

// gradients/Acos_grad.js
var acosGradConfig = {
  kernelName: Acos,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return {
      x: () => {
        const a = square2(cast2(x, "float32"));
        const b = sqrt2(sub2(scalar2(1), a));
        return neg2(div2(dy, b));
      }
    };
  }
};

// gradients/Acosh_grad.js
var acoshGradConfig = {
  kernelName: Acosh,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return {
      x: () => {
        const a = sqrt2(sub2(square2(cast2(x, "float32")), 1));
        return div2(dy, a);
      }
    };
  }
};

// ops/broadcast_util.js
import * as tf10 from "@tensorflow/tfjs-core";
var assertAndGetBroadcastShape = tf10.broadcast_util.assertAndGetBroadcastShape;
var getBroadcastDims = tf10.broadcast_util.getBroadcastDims;
var getReductionAxes = tf10.broadcast_util.getReductionAxes;

// ops/reshape.js
import * as tf11 from "@tensorflow/tfjs-core";
var reshape2 = (...args) => tf11.reshape(...args);

// ops/sum.js
import * as tf12 from "@tensorflow/tfjs-core";
var sum2 = (...args) => tf12.sum(...args);

// gradients/Add_grad.js
var addGradConfig = {
  kernelName: Add,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      let res = dy;
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, a.shape);
    };
    const derB = () => {
      let res = dy;
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, b.shape);
    };
    return { a: derA, b: derB };
  }
};

// gradients/AddN_grad.js
var addNGradConfig = {
  kernelName: AddN,
  saveAllInputs: true,
  gradFunc: (dy, saved) => {
    const ders = {};
    saved.forEach((_, i) => {
      ders[i] = () => dy.clone();
    });
    return ders;
  }
};

// ops/zeros_like.js
import * as tf13 from "@tensorflow/tfjs-core";
var zerosLike2 = (...args) => tf13.zerosLike(...args);

// gradients/ArgMax_grad.js
var argMaxGradConfig = {
  kernelName: ArgMax,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => zerosLike2(x) };
  }
};

// gradients/ArgMin_grad.js
var argMinGradConfig = {
  kernelName: ArgMin,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => zerosLike2(x) };
  }
};

// gradients/Asin_grad.js
var asinGradConfig = {
  kernelName: Asin,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, sqrt2(sub2(scalar2(1), square2(cast2(x, "float32"))))) };
  }
};

// ops/add.js
import * as tf14 from "@tensorflow/tfjs-core";
var add2 = (...args) => tf14.add(...args);

// gradients/Asinh_grad.js
var asinhGradConfig = {
  kernelName: Asinh,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return {
      x: () => {
        const a = sqrt2(add2(scalar2(1), square2(cast2(x, "float32"))));
        return div2(dy, a);
      }
    };
  }
};

// gradients/Atan2_grad.js
var atan2GradConfig = {
  kernelName: Atan2,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      const d = add2(square2(a), square2(b));
      let res = mul2(dy, div2(b, d));
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, a.shape);
    };
    const derB = () => {
      const d = add2(square2(a), square2(b));
      let res = neg2(mul2(dy, div2(a, d)));
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, b.shape);
    };
    return { a: derA, b: derB };
  }
};

// gradients/Atan_grad.js
var atanGradConfig = {
  kernelName: Atan,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, add2(square2(cast2(x, "float32")), 1)) };
  }
};

// gradients/Atanh_grad.js
var atanhGradConfig = {
  kernelName: Atanh,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, sub2(scalar2(1), square2(cast2(x, "float32")))) };
  }
};

// engine.js
import * as tf15 from "@tensorflow/tfjs-core";
var ENGINE = tf15.engine();

// tensor_util_env.js
var convertToTensor = (x) => x;

// util.js
import * as tf16 from "@tensorflow/tfjs-core";
var arraysEqual = tf16.util.arraysEqual;
var arraysEqualWithNull = tf16.util.arraysEqualWithNull;
var assert = tf16.util.assert;
var assertNonNegativeIntegerDimensions = tf16.util.assertNonNegativeIntegerDimensions;
var assertNonNull = tf16.util.assertNonNull;
var assertShapesMatch = tf16.util.assertShapesMatch;
var bytesFromStringArray = tf16.util.bytesFromStringArray;
var bytesPerElement = tf16.util.bytesPerElement;
var checkConversionForErrors = tf16.util.checkConversionForErrors;
var clamp = tf16.util.clamp;
var computeStrides = tf16.util.computeStrides;
var convertBackendValuesAndArrayBuffer = tf16.util.convertBackendValuesAndArrayBuffer;
var createScalarValue = tf16.util.createScalarValue;
var createShuffledIndices = tf16.util.createShuffledIndices;
var decodeString = tf16.util.decodeString;
var distSquared = tf16.util.distSquared;
var encodeString = tf16.util.encodeString;
var fetch = tf16.util.fetch;
var fingerPrint64 = tf16.util.fingerPrint64;
var flatten = tf16.util.flatten;
var getArrayFromDType = tf16.util.getArrayFromDType;
var getTypedArrayFromDType = tf16.util.getTypedArrayFromDType;
var hasEncodingLoss = tf16.util.hasEncodingLoss;
var hexToLong = tf16.util.hexToLong;
var indexToLoc = tf16.util.indexToLoc;
var inferDtype = tf16.util.inferDtype;
var inferFromImplicitShape = tf16.util.inferFromImplicitShape;
var isBoolean = tf16.util.isBoolean;
var isFunction = tf16.util.isFunction;
var isInt = tf16.util.isInt;
var isNumber = tf16.util.isNumber;
var isPromise = tf16.util.isPromise;
var isScalarShape = tf16.util.isScalarShape;
var isString = tf16.util.isString;
var isTypedArray = tf16.util.isTypedArray;
var isValidDtype = tf16.util.isValidDtype;
var locToIndex = tf16.util.locToIndex;
var makeOnesTypedArray = tf16.util.makeOnesTypedArray;
var makeZerosNestedTypedArray = tf16.util.makeZerosNestedTypedArray;
var makeZerosTypedArray = tf16.util.makeZerosTypedArray;
var nearestDivisor = tf16.util.nearestDivisor;
var nearestLargerEven = tf16.util.nearestLargerEven;
var now = tf16.util.now;
var parseAxisParam = tf16.util.parseAxisParam;
var randUniform = tf16.util.randUniform;
var repeatedTry = tf16.util.repeatedTry;
var rightPad = tf16.util.rightPad;
var shuffle = tf16.util.shuffle;
var shuffleCombo = tf16.util.shuffleCombo;
var sizeFromShape = tf16.util.sizeFromShape;
var sizeToSquarishShape = tf16.util.sizeToSquarishShape;
var squeezeShape = tf16.util.squeezeShape;
var sum3 = tf16.util.sum;
var swap = tf16.util.swap;
var tanh = tf16.util.tanh;
var toNestedArray = tf16.util.toNestedArray;
var toTypedArray = tf16.util.toTypedArray;

// ops/conv_util.js
import * as tf17 from "@tensorflow/tfjs-core";
var ERF_A1 = tf17.backend_util.ERF_A1;
var ERF_A2 = tf17.backend_util.ERF_A2;
var ERF_A3 = tf17.backend_util.ERF_A3;
var ERF_A4 = tf17.backend_util.ERF_A4;
var ERF_A5 = tf17.backend_util.ERF_A5;
var ERF_P = tf17.backend_util.ERF_P;
var PARALLELIZE_THRESHOLD = tf17.backend_util.PARALLELIZE_THRESHOLD;
var RowPartitionType = tf17.backend_util.RowPartitionType;
var SELU_SCALE = tf17.backend_util.SELU_SCALE;
var SELU_SCALEALPHA = tf17.backend_util.SELU_SCALEALPHA;
var applyActivation = tf17.backend_util.applyActivation;
var assertAndGetBroadcastShape2 = tf17.backend_util.assertAndGetBroadcastShape;
var assertAxesAreInnerMostDims = tf17.backend_util.assertAxesAreInnerMostDims;
var assertParamsConsistent = tf17.backend_util.assertParamsConsistent;
var assignToTypedArray = tf17.backend_util.assignToTypedArray;
var axesAreInnerMostDims = tf17.backend_util.axesAreInnerMostDims;
var calculateShapes = tf17.backend_util.calculateShapes;
var checkEinsumDimSizes = tf17.backend_util.checkEinsumDimSizes;
var checkPadOnDimRoundingMode = tf17.backend_util.checkPadOnDimRoundingMode;
var combineLocations = tf17.backend_util.combineLocations;
var combineRaggedTensorToTensorShapes = tf17.backend_util.combineRaggedTensorToTensorShapes;
var complexWithEvenIndex = tf17.backend_util.complexWithEvenIndex;
var complexWithOddIndex = tf17.backend_util.complexWithOddIndex;
var computeConv2DInfo = tf17.backend_util.computeConv2DInfo;
var computeConv3DInfo = tf17.backend_util.computeConv3DInfo;
var computeDefaultPad = tf17.backend_util.computeDefaultPad;
var computeDilation2DInfo = tf17.backend_util.computeDilation2DInfo;
var computeOptimalWindowSize = tf17.backend_util.computeOptimalWindowSize;
var computeOutAndReduceShapes = tf17.backend_util.computeOutAndReduceShapes;
var computeOutShape = tf17.backend_util.computeOutShape;
var computePool2DInfo = tf17.backend_util.computePool2DInfo;
var computePool3DInfo = tf17.backend_util.computePool3DInfo;
var convertConv2DDataFormat = tf17.backend_util.convertConv2DDataFormat;
var decodeEinsumEquation = tf17.backend_util.decodeEinsumEquation;
var eitherStridesOrDilationsAreOne = tf17.backend_util.eitherStridesOrDilationsAreOne;
var expandShapeToKeepDim = tf17.backend_util.expandShapeToKeepDim;
var exponent = tf17.backend_util.exponent;
var exponents = tf17.backend_util.exponents;
var fromStringArrayToUint8 = tf17.backend_util.fromStringArrayToUint8;
var fromUint8ToStringArray = tf17.backend_util.fromUint8ToStringArray;
var getAxesPermutation = tf17.backend_util.getAxesPermutation;
var getBroadcastDims2 = tf17.backend_util.getBroadcastDims;
var getComplexWithIndex = tf17.backend_util.getComplexWithIndex;
var getEinsumComputePath = tf17.backend_util.getEinsumComputePath;
var getEinsumPermutation = tf17.backend_util.getEinsumPermutation;
var getFusedBiasGradient = tf17.backend_util.getFusedBiasGradient;
var getFusedDyActivation = tf17.backend_util.getFusedDyActivation;
var getImageCenter = tf17.backend_util.getImageCenter;
var getInnerMostAxes = tf17.backend_util.getInnerMostAxes;
var getPermuted = tf17.backend_util.getPermuted;
var getRaggedRank = tf17.backend_util.getRaggedRank;
var getReductionAxes2 = tf17.backend_util.getReductionAxes;
var getReshaped = tf17.backend_util.getReshaped;
var getReshapedPermuted = tf17.backend_util.getReshapedPermuted;
var getRowPartitionTypesHelper = tf17.backend_util.getRowPartitionTypesHelper;
var getSliceBeginCoords = tf17.backend_util.getSliceBeginCoords;
var getSliceSize = tf17.backend_util.getSliceSize;
var getSparseFillEmptyRowsIndicesDenseShapeMismatch = tf17.backend_util.getSparseFillEmptyRowsIndicesDenseShapeMismatch;
var getSparseFillEmptyRowsNegativeIndexErrorMessage = tf17.backend_util.getSparseFillEmptyRowsNegativeIndexErrorMessage;
var getSparseFillEmptyRowsOutOfRangeIndexErrorMessage = tf17.backend_util.getSparseFillEmptyRowsOutOfRangeIndexErrorMessage;
var getSparseReshapeEmptyTensorZeroOutputDimErrorMessage = tf17.backend_util.getSparseReshapeEmptyTensorZeroOutputDimErrorMessage;
var getSparseReshapeInputOutputMismatchErrorMessage = tf17.backend_util.getSparseReshapeInputOutputMismatchErrorMessage;
var getSparseReshapeInputOutputMultipleErrorMessage = tf17.backend_util.getSparseReshapeInputOutputMultipleErrorMessage;
var getSparseReshapeMultipleNegativeOneOutputDimErrorMessage = tf17.backend_util.getSparseReshapeMultipleNegativeOneOutputDimErrorMessage;
var getSparseReshapeNegativeOutputDimErrorMessage = tf17.backend_util.getSparseReshapeNegativeOutputDimErrorMessage;
var getSparseSegmentReductionIndicesOutOfRangeErrorMessage = tf17.backend_util.getSparseSegmentReductionIndicesOutOfRangeErrorMessage;
var getSparseSegmentReductionNegativeSegmentIdsErrorMessage = tf17.backend_util.getSparseSegmentReductionNegativeSegmentIdsErrorMessage;
var getSparseSegmentReductionNonIncreasingSegmentIdsErrorMessage = tf17.backend_util.getSparseSegmentReductionNonIncreasingSegmentIdsErrorMessage;
var getSparseSegmentReductionSegmentIdOutOfRangeErrorMessage = tf17.backend_util.getSparseSegmentReductionSegmentIdOutOfRangeErrorMessage;
var getUndoAxesPermutation = tf17.backend_util.getUndoAxesPermutation;
var isIdentityPermutation = tf17.backend_util.isIdentityPermutation;
var log = tf17.backend_util.log;
var mergeRealAndImagArrays = tf17.backend_util.mergeRealAndImagArrays;
var prepareAndValidate = tf17.backend_util.prepareAndValidate;
var prepareSplitSize = tf17.backend_util.prepareSplitSize;
var segment_util = tf17.backend_util.segment_util;
var shouldFuse = tf17.backend_util.shouldFuse;
var slice_util = tf17.backend_util.slice_util;
var splitRealAndImagArrays = tf17.backend_util.splitRealAndImagArrays;
var stridesOrDilationsArePositive = tf17.backend_util.stridesOrDilationsArePositive;
var tupleValuesAreOne = tf17.backend_util.tupleValuesAreOne;
var upcastType = tf17.backend_util.upcastType;
var validateDefaultValueShape = tf17.backend_util.validateDefaultValueShape;
var validateInput = tf17.backend_util.validateInput;
var validateUpdateShape = tf17.backend_util.validateUpdateShape;
var warn = tf17.backend_util.warn;

// ops/operation.js
import * as tf18 from "@tensorflow/tfjs-core";
var op2 = tf18.op;

// ops/avg_pool_3d_grad.js
function avgPool3dGrad_(dy, input, filterSize, strides, pad3, dimRoundingMode) {
  const $dy = convertToTensor(dy, "dy", "avgPool3dGrad");
  const $input = convertToTensor(input, "input", "avgPool3dGrad");
  let dy5D = $dy;
  let input5D = $input;
  let reshapedTo5D = false;
  if ($input.rank === 4) {
    reshapedTo5D = true;
    dy5D = reshape2($dy, [1, $dy.shape[0], $dy.shape[1], $dy.shape[2], $dy.shape[3]]);
    input5D = reshape2($input, [
      1,
      $input.shape[0],
      $input.shape[1],
      $input.shape[2],
      $input.shape[3]
    ]);
  }
  assert(dy5D.rank === 5, () => `Error in avgPool3dGrad: dy must be rank 5 but got rank ${dy5D.rank}.`);
  assert(input5D.rank === 5, () => `Error in avgPool3dGrad: input must be rank 5 but got rank ${input5D.rank}.`);
  checkPadOnDimRoundingMode("avgPool3dGrad", pad3, dimRoundingMode);
  const inputs = { dy: dy5D, input: input5D };
  const attrs = { filterSize, strides, pad: pad3, dimRoundingMode };
  const res = ENGINE.runKernel(AvgPool3DGrad, inputs, attrs);
  if (reshapedTo5D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3], res.shape[4]]);
  }
  return res;
}
var avgPool3dGrad = /* @__PURE__ */ op2({ avgPool3dGrad_ });

// gradients/AvgPool3D_grad.js
var avgPool3DGradConfig = {
  kernelName: AvgPool3D,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { filterSize, strides, pad: pad3, dimRoundingMode } = attrs;
    return {
      x: () => avgPool3dGrad(dy, x, filterSize, strides, pad3, dimRoundingMode)
    };
  }
};

// ops/avg_pool_grad.js
function avgPoolGrad_(dy, input, filterSize, strides, pad3) {
  const $dy = convertToTensor(dy, "dy", "avgPoolGrad");
  const $input = convertToTensor(input, "input", "avgPoolGrad");
  assert($input.rank === $dy.rank, () => `Rank of input (${$input.rank}) does not match rank of dy (${$dy.rank})`);
  let input4D = $input;
  let dy4D = $dy;
  let reshapedTo4D = false;
  if ($input.rank === 3) {
    reshapedTo4D = true;
    input4D = reshape2($input, [1, $input.shape[0], $input.shape[1], $input.shape[2]]);
    dy4D = reshape2($dy, [1, $dy.shape[0], $dy.shape[1], $dy.shape[2]]);
  }
  assert(dy4D.rank === 4, () => `Error in avgPoolGrad: dy must be rank 4 but got rank ${dy4D.rank}.`);
  assert(input4D.rank === 4, () => `Error in avgPoolGrad: input must be rank 4 but got rank ${input4D.rank}.`);
  const inputs = { dy: dy4D, input: input4D };
  const attrs = { filterSize, strides, pad: pad3 };
  const res = ENGINE.runKernel(AvgPoolGrad, inputs, attrs);
  if (reshapedTo4D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3]]);
  }
  return res;
}
var avgPoolGrad = /* @__PURE__ */ op2({ avgPoolGrad_ });

// gradients/AvgPool_grad.js
var avgPoolGradConfig = {
  kernelName: AvgPool,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { filterSize, strides, pad: pad3 } = attrs;
    return { x: () => avgPoolGrad(dy, x, filterSize, strides, pad3) };
  }
};

// ops/mat_mul.js
import * as tf19 from "@tensorflow/tfjs-core";
var matMul2 = (...args) => tf19.matMul(...args);

// gradients/BatchMatMul_grad.js
var batchMatMulGradConfig = {
  kernelName: BatchMatMul,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved, attrs) => {
    const [a, b] = saved;
    const { transposeA, transposeB } = attrs;
    if (!transposeA && !transposeB) {
      return {
        a: () => matMul2(dy, b, false, true),
        b: () => matMul2(a, dy, true, false)
      };
    } else if (!transposeA && transposeB) {
      return {
        a: () => matMul2(dy, b, false, false),
        b: () => matMul2(dy, a, true, false)
      };
    } else if (transposeA && !transposeB) {
      return {
        a: () => matMul2(b, dy, false, true),
        b: () => matMul2(a, dy, false, false)
      };
    } else {
      return {
        a: () => matMul2(b, dy, true, true),
        b: () => matMul2(dy, a, true, true)
      };
    }
  }
};

// ops/space_to_batch_nd.js
function spaceToBatchND_(x, blockShape, paddings) {
  const $x = convertToTensor(x, "x", "spaceToBatchND");
  assert($x.rank >= 1 + blockShape.length, () => `input rank ${$x.rank} should be > than [blockShape] ${blockShape.length}`);
  assert(paddings.length === blockShape.length, () => `paddings.shape[0] ${paddings.length} must be equal to [blockShape] ${blockShape.length}`);
  assert($x.shape.reduce((a, b, i) => {
    if (i > 0 && i <= blockShape.length) {
      return a && (b + paddings[i - 1][0] + paddings[i - 1][1]) % blockShape[i - 1] === 0;
    }
    return a;
  }, true), () => `input spatial dimensions ${$x.shape.slice(1)} with paddings ${paddings.toString()} must be divisible by blockShapes ${blockShape.toString()}`);
  const inputs = { x: $x };
  const attrs = { blockShape, paddings };
  return ENGINE.runKernel(SpaceToBatchND, inputs, attrs);
}
var spaceToBatchND = /* @__PURE__ */ op2({ spaceToBatchND_ });

// gradients/BatchToSpaceND_grad.js
var batchToSpaceNDGradConfig = {
  kernelName: BatchToSpaceND,
  gradFunc: (dy, saved, attrs) => {
    const { blockShape, crops } = attrs;
    return { x: () => spaceToBatchND(dy, blockShape, crops) };
  }
};

// gradients/BroadcastTo_grad.js
var broadcastToGradConfig = {
  kernelName: BroadcastTo,
  gradFunc: (dy, saved, attrs) => {
    const broadCastToAttrs = attrs;
    const inputShape = broadCastToAttrs.inputShape;
    const outputShape = broadCastToAttrs.shape;
    const reps = Array.from(outputShape);
    for (let i = inputShape.length - 1; i >= 0; i--) {
      if (inputShape[i] === outputShape[i]) {
        reps[i] = 1;
      } else if (inputShape[i] !== 1) {
        throw new Error(`broadcastTo(): [${inputShape}] cannot be broadcast to [${outputShape}].`);
      }
    }
    const axes = [];
    for (let i = 0; i < reps.length; i++) {
      if (reps[i] > 1) {
        axes.push(i);
      }
    }
    return { x: () => sum2(
      dy,
      axes,
      true
      /* keepDims */
    ) };
  }
};

// gradients/Cast_grad.js
var castGradConfig = {
  kernelName: Cast,
  gradFunc: (dy) => {
    return { x: () => dy.clone() };
  }
};

// gradients/Ceil_grad.js
var ceilGradConfig = {
  kernelName: Ceil,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// ops/greater_equal.js
import * as tf20 from "@tensorflow/tfjs-core";
var greaterEqual2 = (...args) => tf20.greaterEqual(...args);

// ops/less_equal.js
import * as tf21 from "@tensorflow/tfjs-core";
var lessEqual2 = (...args) => tf21.lessEqual(...args);

// ops/logical_and.js
import * as tf22 from "@tensorflow/tfjs-core";
var logicalAnd2 = (...args) => tf22.logicalAnd(...args);

// ops/where.js
import * as tf23 from "@tensorflow/tfjs-core";
var where2 = (...args) => tf23.where(...args);

// gradients/ClipByValue_grad.js
var clipByValueGradConfig = {
  kernelName: ClipByValue,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { clipValueMin, clipValueMax } = attrs;
    return {
      x: () => where2(logicalAnd2(greaterEqual2(x, clipValueMin), lessEqual2(x, clipValueMax)), dy, zerosLike2(dy))
    };
  }
};

// gradients/ComplexAbs_grad.js
var complexAbsGradConfig = {
  kernelName: ComplexAbs,
  inputsToSave: ["x"],
  gradFunc: absGradConfig.gradFunc
};

// ops/split.js
import * as tf24 from "@tensorflow/tfjs-core";
var split2 = (...args) => tf24.split(...args);

// gradients/Concat_grad.js
var concatGradConfig = {
  kernelName: Concat,
  saveAllInputs: true,
  gradFunc: (dy, saved, attrs) => {
    const shapes = saved.map((t) => t.shape);
    const { axis } = attrs;
    const $axis = parseAxisParam(axis, saved[0].shape)[0];
    const sizeSplits = shapes.map((s) => s[$axis]);
    const derTensors = split2(dy, sizeSplits, $axis);
    return derTensors.map((t) => () => t);
  }
};

// ops/conv2d_backprop_filter.js
function conv2DBackpropFilter_(x, dy, filterShape, strides, pad3, dataFormat = "NHWC", dimRoundingMode) {
  let x4D = x;
  if (x.rank === 3) {
    x4D = reshape2(x, [1, x.shape[0], x.shape[1], x.shape[2]]);
  }
  let dy4D = dy;
  if (dy4D.rank === 3) {
    dy4D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2]]);
  }
  assert(x4D.rank === 4, () => `Error in conv2dDerFilter: input must be rank 4, but got shape ${x4D.shape}.`);
  assert(dy4D.rank === 4, () => `Error in conv2dDerFilter: dy must be rank 4, but got shape ${dy4D.shape}.`);
  assert(filterShape.length === 4, () => `Error in conv2dDerFilter: filterShape must be length 4, but got ${filterShape}.`);
  const inDepth = dataFormat === "NHWC" ? x4D.shape[3] : x4D.shape[1];
  const outDepth = dataFormat === "NHWC" ? dy4D.shape[3] : dy4D.shape[1];
  assert(inDepth === filterShape[2], () => `Error in conv2dDerFilter: depth of input ${inDepth}) must match input depth in filter (${filterShape[2]}.`);
  assert(outDepth === filterShape[3], () => `Error in conv2dDerFilter: depth of dy (${outDepth}) must match output depth for filter (${filterShape[3]}).`);
  checkPadOnDimRoundingMode("conv2dDerFilter", pad3, dimRoundingMode);
  const inputs = { x: x4D, dy: dy4D };
  const attrs = { strides, pad: pad3, dataFormat, dimRoundingMode, filterShape };
  return ENGINE.runKernel(Conv2DBackpropFilter, inputs, attrs);
}
var conv2DBackpropFilter = /* @__PURE__ */ op2({ conv2DBackpropFilter_ });

// ops/conv2d_backprop_input.js
function conv2DBackpropInput_(xShape, dy, filter, strides, pad3, dataFormat = "NHWC", dimRoundingMode) {
  assert(xShape.length === dy.rank, () => `Length of inShape (${xShape.length}) and rank of dy (${dy.rank}) must match`);
  let xShape4D = xShape;
  let dy4D = dy;
  let reshapedTo4D = false;
  if (dy.rank === 3) {
    reshapedTo4D = true;
    dy4D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2]]);
    xShape4D = [1, xShape[0], xShape[1], xShape[2]];
  }
  assert(xShape4D.length === 4, () => `Error in conv2dDerInput: inShape must be length 4, but got length ${xShape4D.length}.`);
  assert(dy4D.rank === 4, () => `Error in conv2dDerInput: dy must be rank 4, but got rank ${dy4D.rank}`);
  assert(filter.rank === 4, () => `Error in conv2dDerInput: filter must be rank 4, but got rank ${filter.rank}`);
  const inDepth = dataFormat === "NHWC" ? xShape4D[3] : xShape4D[1];
  const outDepth = dataFormat === "NHWC" ? dy4D.shape[3] : dy4D.shape[1];
  assert(inDepth === filter.shape[2], () => `Error in conv2dDerInput: depth of input (${inDepth}) must match input depth for filter ${filter.shape[2]}.`);
  assert(outDepth === filter.shape[3], () => `Error in conv2dDerInput: depth of output (${outDepth}) must match output depth for filter ${filter.shape[3]}.`);
  checkPadOnDimRoundingMode("conv2dDerInput", pad3, dimRoundingMode);
  const inputs = { dy: dy4D, filter };
  const attrs = { strides, pad: pad3, dataFormat, dimRoundingMode, inputShape: xShape4D };
  const res = ENGINE.runKernel(Conv2DBackpropInput, inputs, attrs);
  if (reshapedTo4D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3]]);
  }
  return res;
}
var conv2DBackpropInput = /* @__PURE__ */ op2({ conv2DBackpropInput_ });

// gradients/Conv2D_grad.js
var conv2DGradConfig = {
  kernelName: Conv2D,
  inputsToSave: ["x", "filter"],
  gradFunc: (dy, saved, attrs) => {
    const [x4D, $filter] = saved;
    const { dilations, strides, pad: pad3, dataFormat } = attrs;
    assert(tupleValuesAreOne(dilations), () => `Error in gradient of conv2D: dilation rates greater than 1 are not yet supported in gradients. Got dilations '${dilations}'`);
    return {
      x: () => conv2DBackpropInput(x4D.shape, dy, $filter, strides, pad3, dataFormat),
      filter: () => conv2DBackpropFilter(x4D, dy, $filter.shape, strides, pad3, dataFormat)
    };
  }
};

// ops/conv2d.js
import * as tf25 from "@tensorflow/tfjs-core";
var conv2d2 = (...args) => tf25.conv2d(...args);

// gradients/Conv2DBackpropInput_grad.js
var conv2DBackpropInputGradConfig = {
  kernelName: Conv2DBackpropInput,
  inputsToSave: ["dy", "filter"],
  gradFunc: (ddx, saved, attrs) => {
    const [dy, filter] = saved;
    const { strides, pad: pad3, dataFormat, dimRoundingMode } = attrs;
    return {
      dy: () => conv2d2(ddx, filter, strides, pad3, dataFormat, 1, dimRoundingMode),
      filter: () => conv2DBackpropFilter(ddx, dy, filter.shape, strides, pad3, dataFormat, dimRoundingMode)
    };
  }
};

// ops/conv3d_backprop_filter.js
function conv3DBackpropFilter_(x, dy, filterShape, strides, pad3) {
  let x5D = x;
  if (x.rank === 4) {
    x5D = reshape2(x, [1, x.shape[0], x.shape[1], x.shape[2], x.shape[3]]);
  }
  let dy5D = dy;
  if (dy5D.rank === 4) {
    dy5D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2], dy.shape[3]]);
  }
  assert(x5D.rank === 5, () => `Error in conv3dDerFilter: input must be rank 5, but got shape ${x5D.shape}.`);
  assert(dy5D.rank === 5, () => `Error in conv3dDerFilter: dy must be rank 5, but got shape ${dy5D.shape}.`);
  assert(filterShape.length === 5, () => `Error in conv3dDerFilter: filterShape must be length 5, but got ${filterShape}.`);
  assert(x5D.shape[4] === filterShape[3], () => `Error in conv3dDerFilter: depth of input ${x5D.shape[4]}) must match input depth in filter (${filterShape[3]}.`);
  assert(dy5D.shape[4] === filterShape[4], () => `Error in conv3dDerFilter: depth of dy (${dy5D.shape[4]}) must match output depth for filter (${filterShape[4]}).`);
  const inputs = { x: x5D, dy: dy5D };
  const attrs = { strides, pad: pad3, filterShape };
  return ENGINE.runKernel(Conv3DBackpropFilterV2, inputs, attrs);
}
var conv3DBackpropFilter = /* @__PURE__ */ op2({ conv3DBackpropFilter_ });

// ops/conv3d_backprop_input.js
function conv3DBackpropInput_(xShape, dy, filter, strides, pad3) {
  assert(xShape.length === dy.rank, () => `Length of inShape (${xShape.length}) and rank of dy (${dy.rank}) must match`);
  let xShape5D = xShape;
  let dy5D = dy;
  let reshapedTo5D = false;
  if (dy.rank === 4) {
    reshapedTo5D = true;
    dy5D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2], dy.shape[3]]);
    xShape5D = [1, xShape[0], xShape[1], xShape[2], xShape[3]];
  }
  const inDepth = xShape5D[4];
  const outDepth = dy5D.shape[4];
  assert(xShape5D.length === 5, () => `Error in conv3dDerInput: inShape must be length 5, but got length ${xShape5D.length}.`);
  assert(dy5D.rank === 5, () => `Error in conv3dDerInput: dy must be rank 5, but got rank ${dy5D.rank}`);
  assert(filter.rank === 5, () => `Error in conv3dDerInput: filter must be rank 5, but got rank ${filter.rank}`);
  assert(inDepth === filter.shape[3], () => `Error in conv3dDerInput: depth of input (${inDepth}) must match input depth for filter ${filter.shape[3]}.`);
  assert(outDepth === filter.shape[4], () => `Error in conv3dDerInput: depth of output (${outDepth}) must match output depth for filter ${filter.shape[4]}.`);
  const inputs = { dy: dy5D, filter };
  const attrs = { pad: pad3, strides, inputShape: xShape5D };
  const res = ENGINE.runKernel(Conv3DBackpropInputV2, inputs, attrs);
  if (reshapedTo5D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3], res.shape[4]]);
  }
  return res;
}
var conv3DBackpropInput = /* @__PURE__ */ op2({ conv3DBackpropInput_ });

// gradients/Conv3D_grad.js
var conv3DGradConfig = {
  kernelName: Conv3D,
  inputsToSave: ["x", "filter"],
  gradFunc: (dy, saved, attrs) => {
    const { dilations, strides, pad: pad3 } = attrs;
    assert(tupleValuesAreOne(dilations), () => `Error in gradient of conv3D: dilation rates greater than 1 are not yet supported in gradients. Got dilations '${dilations}'`);
    const [x5D, $filter] = saved;
    return {
      x: () => conv3DBackpropInput(x5D.shape, dy, $filter, strides, pad3),
      filter: () => conv3DBackpropFilter(x5D, dy, $filter.shape, strides, pad3)
    };
  }
};

// ops/sin.js
import * as tf26 from "@tensorflow/tfjs-core";
var sin2 = (...args) => tf26.sin(...args);

// gradients/Cos_grad.js
var cosGradConfig = {
  kernelName: Cos,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(neg2(sin2(cast2(x, "float32"))), dy) };
  }
};

// ops/sinh.js
import * as tf27 from "@tensorflow/tfjs-core";
var sinh2 = (...args) => tf27.sinh(...args);

// gradients/Cosh_grad.js
var coshGradConfig = {
  kernelName: Cosh,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(sinh2(cast2(x, "float32")), dy) };
  }
};

// ops/axis_util.js
import * as tf28 from "@tensorflow/tfjs-core";
var ERF_A12 = tf28.backend_util.ERF_A1;
var ERF_A22 = tf28.backend_util.ERF_A2;
var ERF_A32 = tf28.backend_util.ERF_A3;
var ERF_A42 = tf28.backend_util.ERF_A4;
var ERF_A52 = tf28.backend_util.ERF_A5;
var ERF_P2 = tf28.backend_util.ERF_P;
var PARALLELIZE_THRESHOLD2 = tf28.backend_util.PARALLELIZE_THRESHOLD;
var RowPartitionType2 = tf28.backend_util.RowPartitionType;
var SELU_SCALE2 = tf28.backend_util.SELU_SCALE;
var SELU_SCALEALPHA2 = tf28.backend_util.SELU_SCALEALPHA;
var applyActivation2 = tf28.backend_util.applyActivation;
var assertAndGetBroadcastShape3 = tf28.backend_util.assertAndGetBroadcastShape;
var assertAxesAreInnerMostDims2 = tf28.backend_util.assertAxesAreInnerMostDims;
var assertParamsConsistent2 = tf28.backend_util.assertParamsConsistent;
var assignToTypedArray2 = tf28.backend_util.assignToTypedArray;
var axesAreInnerMostDims2 = tf28.backend_util.axesAreInnerMostDims;
var calculateShapes2 = tf28.backend_util.calculateShapes;
var checkEinsumDimSizes2 = tf28.backend_util.checkEinsumDimSizes;
var checkPadOnDimRoundingMode2 = tf28.backend_util.checkPadOnDimRoundingMode;
var combineLocations2 = tf28.backend_util.combineLocations;
var combineRaggedTensorToTensorShapes2 = tf28.backend_util.combineRaggedTensorToTensorShapes;
var complexWithEvenIndex2 = tf28.backend_util.complexWithEvenIndex;
var complexWithOddIndex2 = tf28.backend_util.complexWithOddIndex;
var computeConv2DInfo2 = tf28.backend_util.computeConv2DInfo;
var computeConv3DInfo2 = tf28.backend_util.computeConv3DInfo;
var computeDefaultPad2 = tf28.backend_util.computeDefaultPad;
var computeDilation2DInfo2 = tf28.backend_util.computeDilation2DInfo;
var computeOptimalWindowSize2 = tf28.backend_util.computeOptimalWindowSize;
var computeOutAndReduceShapes2 = tf28.backend_util.computeOutAndReduceShapes;
var computeOutShape2 = tf28.backend_util.computeOutShape;
var computePool2DInfo2 = tf28.backend_util.computePool2DInfo;
var computePool3DInfo2 = tf28.backend_util.computePool3DInfo;
var convertConv2DDataFormat2 = tf28.backend_util.convertConv2DDataFormat;
var decodeEinsumEquation2 = tf28.backend_util.decodeEinsumEquation;
var eitherStridesOrDilationsAreOne2 = tf28.backend_util.eitherStridesOrDilationsAreOne;
var expandShapeToKeepDim2 = tf28.backend_util.expandShapeToKeepDim;
var exponent2 = tf28.backend_util.exponent;
var exponents2 = tf28.backend_util.exponents;
var fromStringArrayToUint82 = tf28.backend_util.fromStringArrayToUint8;
var fromUint8ToStringArray2 = tf28.backend_util.fromUint8ToStringArray;
var getAxesPermutation2 = tf28.backend_util.getAxesPermutation;
var getBroadcastDims3 = tf28.backend_util.getBroadcastDims;
var getComplexWithIndex2 = tf28.backend_util.getComplexWithIndex;
var getEinsumComputePath2 = tf28.backend_util.getEinsumComputePath;
var getEinsumPermutation2 = tf28.backend_util.getEinsumPermutation;
var getFusedBiasGradient2 = tf28.backend_util.getFusedBiasGradient;
var getFusedDyActivation2 = tf28.backend_util.getFusedDyActivation;
var getImageCenter2 = tf28.backend_util.getImageCenter;
var getInnerMostAxes2 = tf28.backend_util.getInnerMostAxes;
var getPermuted2 = tf28.backend_util.getPermuted;
var getRaggedRank2 = tf28.backend_util.getRaggedRank;
var getReductionAxes3 = tf28.backend_util.getReductionAxes;
var getReshaped2 = tf28.backend_util.getReshaped;
var getReshapedPermuted2 = tf28.backend_util.getReshapedPermuted;
var getRowPartitionTypesHelper2 = tf28.backend_util.getRowPartitionTypesHelper;
var getSliceBeginCoords2 = tf28.backend_util.getSliceBeginCoords;
var getSliceSize2 = tf28.backend_util.getSliceSize;
var getSparseFillEmptyRowsIndicesDenseShapeMismatch2 = tf28.backend_util.getSparseFillEmptyRowsIndicesDenseShapeMismatch;
var getSparseFillEmptyRowsNegativeIndexErrorMessage2 = tf28.backend_util.getSparseFillEmptyRowsNegativeIndexErrorMessage;
var getSparseFillEmptyRowsOutOfRangeIndexErrorMessage2 = tf28.backend_util.getSparseFillEmptyRowsOutOfRangeIndexErrorMessage;
var getSparseReshapeEmptyTensorZeroOutputDimErrorMessage2 = tf28.backend_util.getSparseReshapeEmptyTensorZeroOutputDimErrorMessage;
var getSparseReshapeInputOutputMismatchErrorMessage2 = tf28.backend_util.getSparseReshapeInputOutputMismatchErrorMessage;
var getSparseReshapeInputOutputMultipleErrorMessage2 = tf28.backend_util.getSparseReshapeInputOutputMultipleErrorMessage;
var getSparseReshapeMultipleNegativeOneOutputDimErrorMessage2 = tf28.backend_util.getSparseReshapeMultipleNegativeOneOutputDimErrorMessage;
var getSparseReshapeNegativeOutputDimErrorMessage2 = tf28.backend_util.getSparseReshapeNegativeOutputDimErrorMessage;
var getSparseSegmentReductionIndicesOutOfRangeErrorMessage2 = tf28.backend_util.getSparseSegmentReductionIndicesOutOfRangeErrorMessage;
var getSparseSegmentReductionNegativeSegmentIdsErrorMessage2 = tf28.backend_util.getSparseSegmentReductionNegativeSegmentIdsErrorMessage;
var getSparseSegmentReductionNonIncreasingSegmentIdsErrorMessage2 = tf28.backend_util.getSparseSegmentReductionNonIncreasingSegmentIdsErrorMessage;
var getSparseSegmentReductionSegmentIdOutOfRangeErrorMessage2 = tf28.backend_util.getSparseSegmentReductionSegmentIdOutOfRangeErrorMessage;
var getUndoAxesPermutation2 = tf28.backend_util.getUndoAxesPermutation;
var isIdentityPermutation2 = tf28.backend_util.isIdentityPermutation;
var log2 = tf28.backend_util.log;
var mergeRealAndImagArrays2 = tf28.backend_util.mergeRealAndImagArrays;
var prepareAndValidate2 = tf28.backend_util.prepareAndValidate;
var prepareSplitSize2 = tf28.backend_util.prepareSplitSize;
var segment_util2 = tf28.backend_util.segment_util;
var shouldFuse2 = tf28.backend_util.shouldFuse;
var slice_util2 = tf28.backend_util.slice_util;
var splitRealAndImagArrays2 = tf28.backend_util.splitRealAndImagArrays;
var stridesOrDilationsArePositive2 = tf28.backend_util.stridesOrDilationsArePositive;
var tupleValuesAreOne2 = tf28.backend_util.tupleValuesAreOne;
var upcastType2 = tf28.backend_util.upcastType;
var validateDefaultValueShape2 = tf28.backend_util.validateDefaultValueShape;
var validateInput2 = tf28.backend_util.validateInput;
var validateUpdateShape2 = tf28.backend_util.validateUpdateShape;
var warn2 = tf28.backend_util.warn;

// ops/cumsum.js
import * as tf29 from "@tensorflow/tfjs-core";
var cumsum2 = (...args) => tf29.cumsum(...args);

// ops/transpose.js
import * as tf30 from "@tensorflow/tfjs-core";
var transpose2 = (...args) => tf30.transpose(...args);

// gradients/Cumsum_grad.js
var cumsumGradConfig = {
  kernelName: Cumsum,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { axis, exclusive, reverse: reverse3 } = attrs;
    return {
      x: () => {
        const permutation = getAxesPermutation2([axis], x.rank);
        let out = cumsum2(dy, axis, exclusive, !reverse3);
        if (permutation != null) {
          out = transpose2(out, permutation);
        }
        return out;
      }
    };
  }
};

// ops/depthwise_conv2d_native_backprop_filter.js
function depthwiseConv2dNativeBackpropFilter_(x, dy, filterShape, strides, pad3, dilations = [1, 1], dimRoundingMode) {
  let x4D = x;
  if (x.rank === 3) {
    x4D = reshape2(x, [1, x.shape[0], x.shape[1], x.shape[2]]);
  }
  let dy4D = dy;
  if (dy4D.rank === 3) {
    dy4D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2]]);
  }
  const inputs = { x: x4D, dy: dy4D };
  const attrs = { strides, pad: pad3, dimRoundingMode, dilations, filterShape };
  return ENGINE.runKernel(DepthwiseConv2dNativeBackpropFilter, inputs, attrs);
}
var depthwiseConv2dNativeBackpropFilter = op2({ depthwiseConv2dNativeBackpropFilter_ });

// ops/depthwise_conv2d_native_backprop_input.js
function depthwiseConv2dNativeBackpropInput_(xShape, dy, filter, strides, pad3, dilations = [1, 1], dimRoundingMode) {
  let dy4D = dy;
  let reshapedTo4D = false;
  if (dy.rank === 3) {
    reshapedTo4D = true;
    dy4D = reshape2(dy, [1, dy.shape[0], dy.shape[1], dy.shape[2]]);
  }
  const inputs = { dy: dy4D, filter };
  const attrs = { strides, pad: pad3, dimRoundingMode, dilations, inputShape: xShape };
  const res = (
    // tslint:disable-next-line: no-unnecessary-type-assertion
    ENGINE.runKernel(DepthwiseConv2dNativeBackpropInput, inputs, attrs)
  );
  if (reshapedTo4D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3]]);
  }
  return res;
}
var depthwiseConv2dNativeBackpropInput = op2({ depthwiseConv2dNativeBackpropInput_ });

// gradients/DepthwiseConv2dNative_grad.js
var depthwiseConv2dNativeGradConfig = {
  kernelName: DepthwiseConv2dNative,
  inputsToSave: ["x", "filter"],
  gradFunc: (dy, saved, attrs) => {
    const { dilations, strides, pad: pad3, dimRoundingMode } = attrs;
    const $dilations = dilations == null ? [1, 1] : dilations;
    assert(tupleValuesAreOne($dilations), () => `Error in gradient of depthwiseConv2dNative: dilation rates greater than 1 are not yet supported. Got dilations '${$dilations}'`);
    const [x, filter] = saved;
    assert(x.rank === 4, () => `Error in gradient of depthwiseConv2dNative: input must be rank 4, but got rank ${x.rank}.`);
    assert(filter.rank === 4, () => `Error in gradient of depthwiseConv2dNative: filter must be rank 4, but got rank ${filter.rank}.`);
    assert(x.shape[3] === filter.shape[2], () => `Error in gradient of depthwiseConv2d: number of input channels (${x.shape[3]}) must match the inChannels dimension in filter ${filter.shape[2]}.`);
    assert(eitherStridesOrDilationsAreOne(strides, $dilations), () => `Error in gradient of depthwiseConv2d: Either strides or dilations must be  1. Got strides ${strides} and dilations '${$dilations}'.`);
    checkPadOnDimRoundingMode("depthwiseConv2d", pad3, dimRoundingMode);
    return {
      x: () => depthwiseConv2dNativeBackpropInput(x.shape, dy, filter, strides, pad3, $dilations, dimRoundingMode),
      filter: () => depthwiseConv2dNativeBackpropFilter(x, dy, filter.shape, strides, pad3, $dilations, dimRoundingMode)
    };
  }
};

// gradients/Dilation2D_grad.js
var dilation2dGradConfig = {
  kernelName: Dilation2D,
  inputsToSave: ["x", "filter"],
  gradFunc: (dy, saved, attrs) => {
    const [x, filter] = saved;
    const inputInputs = { x, filter, dy };
    const filterInputs = { x, filter, dy };
    return {
      x: () => ENGINE.runKernel(Dilation2DBackpropInput, inputInputs, attrs),
      filter: () => ENGINE.runKernel(Dilation2DBackpropFilter, filterInputs, attrs)
    };
  }
};

// gradients/Elu_grad.js
var eluGradConfig = {
  kernelName: Elu,
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [y] = saved;
    const inputs = { dy, y };
    return { x: () => ENGINE.runKernel(EluGrad, inputs) };
  }
};

// ops/exp.js
import * as tf31 from "@tensorflow/tfjs-core";
var exp2 = (...args) => tf31.exp(...args);

// gradients/Erf_grad.js
var erfGradConfig = {
  kernelName: Erf,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    const a = mul2(exp2(neg2(square2(x))), 2 / Math.sqrt(Math.PI));
    return { x: () => mul2(dy, a) };
  }
};

// gradients/Exp_grad.js
var expGradConfig = {
  kernelName: Exp,
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [y] = saved;
    return { x: () => mul2(dy, y) };
  }
};

// gradients/ExpandDims_grad.js
var expandDimsGradConfig = {
  kernelName: ExpandDims,
  inputsToSave: ["input"],
  gradFunc: (dy, saved) => {
    const [input] = saved;
    return { input: () => reshape2(dy, input.shape) };
  }
};

// gradients/Expm1_grad.js
var expm1GradConfig = {
  kernelName: Expm1,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(dy, exp2(x)) };
  }
};

// gradients/Floor_grad.js
var floorGradConfig = {
  kernelName: Floor,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// gradients/FloorDiv_grad.js
var floorDivGradConfig = {
  kernelName: FloorDiv,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      const res = div2(dy, cast2(b, "float32"));
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(res, reduceAxes), a.shape);
      }
      return res;
    };
    const derB = () => {
      let res = mul2(dy, cast2(a, "float32"));
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        res = reshape2(sum2(res, reduceAxes), b.shape);
      }
      const tmp = square2(b);
      return neg2(div2(res, cast2(tmp, "float32")));
    };
    return { a: derA, b: derB };
  }
};

// ops/rsqrt.js
import * as tf32 from "@tensorflow/tfjs-core";
var rsqrt2 = (...args) => tf32.rsqrt(...args);

// ops/tile.js
import * as tf33 from "@tensorflow/tfjs-core";
var tile2 = (...args) => tf33.tile(...args);

// gradients/FusedBatchNorm_grad.js
var fusedBatchNormGradConfig = {
  kernelName: FusedBatchNorm,
  inputsToSave: ["x", "mean", "variance", "scale"],
  gradFunc: (dy, saved, attrs) => {
    const { varianceEpsilon } = attrs;
    const [x, mean, variance, scale] = saved;
    const scaleValue = scale == null ? scalar2(1) : scale;
    const reductionAxes = getReductionAxes(mean.shape, x.shape);
    const tileShape = [];
    if (mean.rank === 1) {
      for (let i = 0; i < x.shape.length - 1; ++i) {
        tileShape.push(x.shape[i]);
      }
      tileShape.push(1);
    }
    const xMinusMean = sub2(x, mean);
    const dyTimesScaleValue = mul2(dy, scaleValue);
    const oneOverSqrtVariance = rsqrt2(add2(variance, scalar2(varianceEpsilon)));
    const minusHalfRCube = mul2(mul2(mul2(oneOverSqrtVariance, oneOverSqrtVariance), oneOverSqrtVariance), scalar2(-0.5));
    const derX = () => {
      if (mean.rank === 1) {
        return reshape2(mul2(mul2(dy, tile2(reshape2(oneOverSqrtVariance, [1, 1, 1, mean.shape[0]]), tileShape)), scaleValue), x.shape);
      } else {
        return reshape2(mul2(mul2(dy, oneOverSqrtVariance), scaleValue), x.shape);
      }
    };
    const derMean = () => {
      let meanDer = mul2(mul2(oneOverSqrtVariance, scalar2(-1)), dyTimesScaleValue);
      if (mean.rank === 1) {
        meanDer = sum2(meanDer, reductionAxes);
      }
      return reshape2(meanDer, mean.shape);
    };
    const derVariance = () => {
      let varianceDer = mul2(mul2(minusHalfRCube, xMinusMean), dyTimesScaleValue);
      if (mean.rank === 1) {
        varianceDer = sum2(varianceDer, reductionAxes);
      }
      return reshape2(varianceDer, mean.shape);
    };
    const derScale = () => {
      const xMinusMean2TimesRsqrt = mul2(xMinusMean, oneOverSqrtVariance);
      let scaleDer = mul2(dy, xMinusMean2TimesRsqrt);
      if (mean.rank === 1) {
        scaleDer = sum2(scaleDer, reductionAxes);
      }
      return reshape2(scaleDer, mean.shape);
    };
    const derOffset = () => {
      let offsetDer = dy;
      if (mean.rank === 1) {
        offsetDer = sum2(offsetDer, reductionAxes);
      }
      return reshape2(offsetDer, mean.shape);
    };
    return {
      x: derX,
      mean: derMean,
      variance: derVariance,
      scale: derScale,
      offset: derOffset
    };
  }
};

// gradients/GatherV2_grad.js
import * as tf36 from "@tensorflow/tfjs-core";

// ops/stack.js
import * as tf34 from "@tensorflow/tfjs-core";
var stack2 = (...args) => tf34.stack(...args);

// ops/unsorted_segment_sum.js
import * as tf35 from "@tensorflow/tfjs-core";
var unsortedSegmentSum2 = (...args) => tf35.unsortedSegmentSum(...args);

// gradients/GatherV2_grad.js
var gatherGradConfig = {
  kernelName: GatherV2,
  inputsToSave: ["x", "indices"],
  gradFunc: (dy, saved, attrs) => {
    const [x, indices] = saved;
    const { axis, batchDims } = attrs;
    const parsedAxis = parseAxisParam(axis, x.shape)[0];
    const derXBatch = (x2, indices2, dy2) => {
      return () => {
        const paramsShape = x2.shape;
        const indicesSize = indices2.size;
        const outerShape = paramsShape.slice(0, parsedAxis);
        const outerDims = outerShape.length;
        const innerShape = paramsShape.slice(axis, paramsShape.length).slice(1);
        const innerDims = innerShape.length;
        const outerAxesIndices = arrayRange(0, outerDims);
        const innerAxesIndices = arrayRange(outerDims + 1, outerDims + 1 + innerDims);
        const valuesShape = arrayConcat([
          outerShape,
          [indicesSize],
          innerShape
        ]);
        const values = reshape2(dy2, valuesShape);
        const reshapedIndices = reshape2(indices2, [indicesSize]);
        const transposeDims = arrayConcat([[outerDims], outerAxesIndices, innerAxesIndices]);
        const valuesTranspose = transpose2(values, transposeDims);
        let paramsGrad = unsortedSegmentSum2(valuesTranspose, reshapedIndices, x2.shape[parsedAxis]);
        const invertTransposeDims = getUndoAxesPermutation2(transposeDims);
        paramsGrad = transpose2(paramsGrad, invertTransposeDims);
        return paramsGrad;
      };
    };
    if (batchDims === 1) {
      const batchSize = x.shape[0];
      const xBatch = tf36.split(x, batchSize, 0);
      const derXBatched = () => {
        const stacked = stack2(xBatch.map((x2, i) => {
          return derXBatch(x2, tf36.slice(indices, i, 1), tf36.slice(dy, i, 1))();
        }));
        return tf36.reshape(stacked, x.shape);
      };
      return { x: derXBatched, indices: () => indices };
    } else {
      return { x: derXBatch(x, indices, dy), indices: () => indices };
    }
  }
};
function arrayRange(start, stop) {
  const result = [];
  for (let i = start; i < stop; ++i) {
    result.push(i);
  }
  return result;
}
function arrayConcat(arrays) {
  const result = [];
  for (let i = 0; i < arrays.length; ++i) {
    for (let j = 0; j < arrays[i].length; ++j) {
      result.push(arrays[i][j]);
    }
  }
  return result;
}

// gradients/GreaterEqual_grad.js
var greaterEqualGradConfig = {
  kernelName: GreaterEqual,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    return { a: () => zerosLike2(a), b: () => zerosLike2(b) };
  }
};

// gradients/Identity_grad.js
var identityGradConfig = {
  kernelName: Identity,
  gradFunc: (dy) => {
    return { x: () => cast2(dy, "float32") };
  }
};

// gradients/IsFinite_grad.js
var isFiniteGradConfig = {
  kernelName: IsFinite,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// gradients/IsInf_grad.js
var isInfGradConfig = {
  kernelName: IsInf,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// gradients/IsNan_grad.js
var isNanGradConfig = {
  kernelName: IsNan,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// ops/greater.js
import * as tf37 from "@tensorflow/tfjs-core";
var greater2 = (...args) => tf37.greater(...args);

// gradients/LeakyRelu_grad.js
var leakyReluGradConfig = {
  kernelName: LeakyRelu,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { alpha } = attrs;
    const mask = greater2(x, 0);
    return { x: () => where2(mask, dy, mul2(dy, alpha)) };
  }
};

// gradients/Log1p_grad.js
var log1pGradConfig = {
  kernelName: Log1p,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, add2(x, 1)) };
  }
};

// gradients/Log_grad.js
var logGradConfig = {
  kernelName: Log,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, cast2(x, "float32")) };
  }
};

// gradients/LogSoftmax_grad.js
var logSoftmaxGradConfig = {
  kernelName: LogSoftmax,
  inputsToSave: [],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [value] = saved;
    const { axis } = attrs;
    return {
      logits: () => {
        const keepDims = true;
        const softmax = exp2(value);
        return sub2(dy, mul2(sum2(dy, axis, keepDims), softmax));
      }
    };
  }
};

// ops/local_response_normalization_backprop.js
function localResponseNormalizationBackprop_(x, y, dy, depthRadius = 5, bias = 1, alpha = 1, beta = 0.5) {
  const inputs = { x, y, dy };
  const attrs = { depthRadius, bias, alpha, beta };
  return ENGINE.runKernel(LRNGrad, inputs, attrs);
}
var localResponseNormalizationBackprop = op2({ localResponseNormalizationBackprop_ });

// gradients/LRN_grad.js
var lrnGradConfig = {
  kernelName: LRN,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [x, y] = saved;
    const { depthRadius, bias, alpha, beta } = attrs;
    return {
      x: () => localResponseNormalizationBackprop(x, y, dy, depthRadius, bias, alpha, beta)
    };
  }
};

// ops/equal.js
import * as tf38 from "@tensorflow/tfjs-core";
var equal2 = (...args) => tf38.equal(...args);

// gradients/min_max_grad_util.js
function gradForMinAndMax(dy, y, xOrig, origAxes) {
  if (y.rank < xOrig.rank) {
    y = reshape2(y, expandShapeToKeepDim2(y.shape, origAxes));
  }
  if (dy.rank < xOrig.rank) {
    dy = reshape2(dy, expandShapeToKeepDim2(dy.shape, origAxes));
  }
  return {
    x: () => {
      const dx = mul2(dy, cast2(equal2(xOrig, y), dy.dtype));
      return dx;
    }
  };
}

// gradients/Max_grad.js
var maxGradConfig = {
  kernelName: Max,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const maxAttrs = attrs;
    const { reductionIndices } = maxAttrs;
    const x = saved[0];
    const y = saved[1];
    const origAxes = parseAxisParam(reductionIndices, x.shape);
    const maxGrad = gradForMinAndMax(dy, y, x, origAxes);
    return {
      x: () => {
        return maxGrad["x"]();
      }
    };
  }
};

// ops/less.js
import * as tf39 from "@tensorflow/tfjs-core";
var less2 = (...args) => tf39.less(...args);

// gradients/Maximum_grad.js
var maximumGradConfig = {
  kernelName: Maximum,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const derA = () => mul2(dy, cast2(greaterEqual2(a, b), "float32"));
    const derB = () => mul2(dy, cast2(less2(a, b), "float32"));
    return { a: derA, b: derB };
  }
};

// ops/max_pool_3d_grad.js
function maxPool3dGrad_(dy, input, output, filterSize, strides, pad3, dimRoundingMode) {
  const $dy = convertToTensor(dy, "dy", "maxPool3dGrad");
  const $input = convertToTensor(input, "input", "maxPool3dGrad");
  const $output = convertToTensor(output, "output", "maxPool3dGrad");
  let dy5D = $dy;
  let input5D = $input;
  let output5D = $output;
  let reshapedTo5D = false;
  if ($input.rank === 4) {
    reshapedTo5D = true;
    dy5D = reshape2($dy, [1, $dy.shape[0], $dy.shape[1], $dy.shape[2], $dy.shape[3]]);
    input5D = reshape2($input, [
      1,
      $input.shape[0],
      $input.shape[1],
      $input.shape[2],
      $input.shape[3]
    ]);
    output5D = reshape2($output, [
      1,
      $output.shape[0],
      $output.shape[1],
      $output.shape[2],
      $output.shape[3]
    ]);
  }
  assert(dy5D.rank === 5, () => `Error in maxPool3dGrad: dy must be rank 5 but got rank ${dy5D.rank}.`);
  assert(input5D.rank === 5, () => `Error in maxPool3dGrad: input must be rank 5 but got rank ${input5D.rank}.`);
  assert(output5D.rank === 5, () => `Error in maxPool3dGrad: output must be rank 5 but got rank ${output5D.rank}.`);
  checkPadOnDimRoundingMode("maxPool3dGrad", pad3, dimRoundingMode);
  const inputs = { dy: dy5D, input: input5D, output: output5D };
  const attrs = { filterSize, strides, pad: pad3, dimRoundingMode };
  const res = ENGINE.runKernel(MaxPool3DGrad, inputs, attrs);
  if (reshapedTo5D) {
    return reshape2(res, [res.shape[1], res.shape[2], res.shape[3], res.shape[4]]);
  }
  return res;
}
var maxPool3dGrad = /* @__PURE__ */ op2({ maxPool3dGrad_ });

// gradients/MaxPool3D_grad.js
var maxPool3DGradConfig = {
  kernelName: MaxPool3D,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [x, y] = saved;
    const { filterSize, strides, pad: pad3, dimRoundingMode } = attrs;
    return {
      x: () => maxPool3dGrad(dy, x, y, filterSize, strides, pad3, dimRoundingMode)
    };
  }
};

// ops/max_pool_grad.js
function maxPoolGrad_(dy, input, output, filterSize, strides, pad3, dimRoundingMode) {
  const $dy = convertToTensor(dy, "dy", "maxPoolGrad");
  const $input = convertToTensor(input, "input", "maxPoolGrad");
  const $output = convertToTensor(output, "output", "maxPoolGrad");
  assert($input.rank === $dy.rank, () => `Rank of input (${$input.rank}) does not match rank of dy (${$dy.rank})`);
  assert($dy.rank === 4, () => `Error in maxPoolGrad: dy must be rank 4 but got rank ${$dy.rank}.`);
  assert($input.rank === 4, () => `Error in maxPoolGrad: input must be rank 4 but got rank ${$input.rank}.`);
  checkPadOnDimRoundingMode("maxPoolGrad", pad3, dimRoundingMode);
  const inputs = { dy: $dy, input: $input, output: $output };
  const attrs = { filterSize, strides, pad: pad3, dimRoundingMode };
  return ENGINE.runKernel(MaxPoolGrad, inputs, attrs);
}
var maxPoolGrad = /* @__PURE__ */ op2({ maxPoolGrad_ });

// gradients/MaxPool_grad.js
var maxPoolGradConfig = {
  kernelName: MaxPool,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [x, y] = saved;
    const { filterSize, strides, pad: pad3 } = attrs;
    return {
      x: () => maxPoolGrad(dy, x, y, filterSize, strides, pad3)
    };
  }
};

// ops/ones.js
import * as tf40 from "@tensorflow/tfjs-core";
var ones2 = (...args) => tf40.ones(...args);

// gradients/Mean_grad.js
var meanGradConfig = {
  kernelName: Mean,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { axis } = attrs;
    const axes = parseAxisParam(axis, x.shape);
    const shapes = computeOutAndReduceShapes2(x.shape, axes);
    const reduceShape = shapes[1];
    const reduceSize = sizeFromShape(reduceShape);
    const derX = () => {
      const expandedDyShape = x.shape.slice();
      axes.forEach((axis2) => {
        expandedDyShape[axis2] = 1;
      });
      const expandedDy = reshape2(dy, expandedDyShape);
      const res = div2(mul2(expandedDy, ones2(x.shape, "float32")), reduceSize);
      return res;
    };
    return { x: derX };
  }
};

// gradients/Min_grad.js
var minGradConfig = {
  kernelName: Min,
  inputsToSave: ["x"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const minAttrs = attrs;
    const { axis } = minAttrs;
    const [x, y] = saved;
    const origAxes = parseAxisParam(axis, x.shape);
    const minGrad = gradForMinAndMax(dy, y, x, origAxes);
    return {
      x: () => {
        return minGrad["x"]();
      }
    };
  }
};

// gradients/Minimum_grad.js
var minimumGradConfig = {
  kernelName: Minimum,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const derA = () => mul2(dy, cast2(lessEqual2(a, b), "float32"));
    const derB = () => mul2(dy, cast2(greater2(a, b), "float32"));
    return { a: derA, b: derB };
  }
};

// ops/slice.js
import * as tf41 from "@tensorflow/tfjs-core";
var slice3 = (...args) => tf41.slice(...args);

// gradients/MirrorPad_grad.js
var mirrorPadGradConfig = {
  kernelName: MirrorPad,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0];
    const { paddings } = attrs;
    const begin = paddings.map((p) => p[0]);
    return { x: () => slice3(dy, begin, x.shape) };
  }
};

// ops/floor.js
import * as tf42 from "@tensorflow/tfjs-core";
var floor2 = (...args) => tf42.floor(...args);

// gradients/Mod_grad.js
var modGradConfig = {
  kernelName: Mod,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(dy, reduceAxes), a.shape);
      }
      return dy;
    };
    const derB = () => {
      const res = mul2(dy, neg2(floor2(div2(a, b))));
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(res, reduceAxes), b.shape);
      }
      return res;
    };
    return { a: derA, b: derB };
  }
};

// gradients/Multiply_grad.js
var multiplyGradConfig = {
  kernelName: Multiply,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      const res = mul2(dy, cast2(b, "float32"));
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(res, reduceAxes), a.shape);
      }
      return res;
    };
    const derB = () => {
      const res = mul2(dy, cast2(a, "float32"));
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(res, reduceAxes), b.shape);
      }
      return res;
    };
    return { a: derA, b: derB };
  }
};

// gradients/Neg_grad.js
var negGradConfig = {
  kernelName: Neg,
  gradFunc: (dy) => {
    return { x: () => neg2(dy) };
  }
};

// ops/zeros.js
import * as tf43 from "@tensorflow/tfjs-core";
var zeros2 = (...args) => tf43.zeros(...args);

// gradients/OneHot_grad.js
var oneHotGradConfig = {
  kernelName: OneHot,
  inputsToSave: ["indices"],
  gradFunc: (dy, saved) => {
    const indices = saved[0];
    return { indices: () => zeros2(indices.shape, "float32") };
  }
};

// gradients/OnesLike_grad.js
var onesLikeGradConfig = {
  kernelName: OnesLike,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// ops/unstack.js
import * as tf44 from "@tensorflow/tfjs-core";
var unstack2 = (...args) => tf44.unstack(...args);

// gradients/Pack_grad.js
var packGradConfig = {
  kernelName: Pack,
  saveAllInputs: true,
  gradFunc: (dy, saved, attrs) => {
    const { axis } = attrs;
    const derTensors = unstack2(dy, axis);
    return derTensors.map((t) => () => t);
  }
};

// gradients/PadV2_grad.js
var padV2GradConfig = {
  kernelName: PadV2,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0];
    const { paddings } = attrs;
    const begin = paddings.map((p) => p[0]);
    return { x: () => slice3(dy, begin, x.shape) };
  }
};

// ops/log.js
import * as tf45 from "@tensorflow/tfjs-core";
var log4 = (...args) => tf45.log(...args);

// ops/pow.js
import * as tf46 from "@tensorflow/tfjs-core";
var pow2 = (...args) => tf46.pow(...args);

// gradients/Pow_grad.js
var powGradConfig = {
  kernelName: Pow,
  inputsToSave: ["a", "b"],
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [a, b, y] = saved;
    const base = a;
    const exp3 = b;
    const outShape = assertAndGetBroadcastShape(base.shape, exp3.shape);
    const derBase = () => {
      const expFloat = cast2(exp3, "float32");
      let res = mul2(dy, mul2(expFloat, pow2(base, sub2(expFloat, scalar2(1)))));
      const reduceAxes = getReductionAxes(base.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, base.shape);
    };
    const derExp = () => {
      const condition = greater2(base, 0);
      const logBase = where2(condition, log4(base), zerosLike2(base));
      let res = mul2(dy, mul2(y, logBase));
      const reduceAxes = getReductionAxes(exp3.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, exp3.shape);
    };
    return { a: derBase, b: derExp };
  }
};

// gradients/Prelu_grad.js
var preluGradConfig = {
  kernelName: Prelu,
  inputsToSave: ["x", "alpha"],
  gradFunc: (dy, saved) => {
    const [x, alpha] = saved;
    const mask = greater2(x, 0);
    return {
      x: () => where2(mask, dy, mul2(dy, alpha)),
      alpha: () => {
        let res = where2(mask, zerosLike2(dy), mul2(dy, x));
        const reduceAxes = getReductionAxes(alpha.shape, dy.shape);
        if (reduceAxes.length > 0) {
          res = sum2(res, reduceAxes);
        }
        return reshape2(res, alpha.shape);
      }
    };
  }
};

// gradients/Prod_grad.js
import * as tf49 from "@tensorflow/tfjs-core";

// base.js
import * as tf47 from "@tensorflow/tfjs-core";
var backend_util4 = tf47.backend_util;

// ops/cumprod.js
import * as tf48 from "@tensorflow/tfjs-core";
var cumprod2 = (...args) => tf48.cumprod(...args);

// gradients/Prod_grad.js
function prodGradFn_(x, dy, axis) {
  const expandedYShape = x.shape.slice();
  expandedYShape[axis] = 1;
  const expandedDy = reshape2(dy, expandedYShape);
  const xCumProd = cumprod2(x, axis, true, false);
  const xCumRevProd = cumprod2(x, axis, true, true);
  const dx = mul2(xCumProd, xCumRevProd);
  return mul2(expandedDy, dx);
}
function prodsGradFn_(x, dy, axis) {
  const xRank = x.shape.length;
  const finalProdAxis = xRank - axis.length;
  const xPermutation = backend_util4.getAxesPermutation(axis, xRank);
  let permutedX = x;
  if (xPermutation != null) {
    permutedX = transpose2(x, xPermutation);
  }
  const newShape = permutedX.shape.slice();
  const removedShape = newShape.splice(xRank - axis.length, axis.length);
  const endPartShape = removedShape.reduce((p, c) => p * c, 1);
  newShape.push(endPartShape);
  const reshapedPermutedX = tf49.reshape(permutedX, newShape);
  let prodGrad = prodGradFn_(reshapedPermutedX, dy, finalProdAxis);
  prodGrad = tf49.reshape(prodGrad, permutedX.shape);
  if (xPermutation != null) {
    const undoPermutation = backend_util4.getUndoAxesPermutation(xPermutation);
    prodGrad = transpose2(prodGrad, undoPermutation);
  }
  return prodGrad;
}
var prodGradConfig = {
  kernelName: Prod,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { axis } = attrs;
    let axisArr = [];
    if (axis === void 0 || axis === null) {
      axisArr = x.shape.map((_, i) => i);
    } else if (typeof axis === "number") {
      axisArr = [axis];
    } else {
      axisArr = axis;
    }
    return { x: () => prodsGradFn_(x, dy, axisArr) };
  }
};

// gradients/RealDiv_grad.js
var divGradConfig = {
  kernelName: RealDiv,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      const res = div2(dy, cast2(b, "float32"));
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        return reshape2(sum2(res, reduceAxes), a.shape);
      }
      return res;
    };
    const derB = () => {
      let res = mul2(dy, cast2(a, "float32"));
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        res = reshape2(sum2(res, reduceAxes), b.shape);
      }
      const tmp = square2(b);
      return neg2(div2(res, cast2(tmp, "float32")));
    };
    return { a: derA, b: derB };
  }
};

// gradients/Reciprocal_grad.js
var reciprocalGradConfig = {
  kernelName: Reciprocal,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, neg2(square2(x))) };
  }
};

// gradients/Relu6_grad.js
var relu6GradConfig = {
  kernelName: Relu6,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    const mask = mul2(lessEqual2(x, 6), step2(x));
    return { x: () => mul2(dy, cast2(mask, "float32")) };
  }
};

// gradients/Relu_grad.js
var reluGradConfig = {
  kernelName: Relu,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(dy, cast2(step2(x), "float32")) };
  }
};

// gradients/Reshape_grad.js
var reshapeGradConfig = {
  kernelName: Reshape,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => reshape2(dy, x.shape) };
  }
};

// gradients/ResizeBilinear_grad.js
var resizeBilinearGradConfig = {
  kernelName: ResizeBilinear,
  inputsToSave: ["images"],
  gradFunc: (dy, saved, attrs) => {
    const [images] = saved;
    const inputs = { dy, images };
    const imagesDer = () => (
      // tslint:disable-next-line: no-unnecessary-type-assertion
      ENGINE.runKernel(ResizeBilinearGrad, inputs, attrs)
    );
    return { images: imagesDer };
  }
};

// gradients/ResizeNearestNeighbor_grad.js
var resizeNearestNeighborGradConfig = {
  kernelName: ResizeNearestNeighbor,
  inputsToSave: ["images"],
  gradFunc: (dy, saved, attrs) => {
    const [images] = saved;
    const inputs = { dy, images };
    const imagesDer = () => (
      // tslint:disable-next-line: no-unnecessary-type-assertion
      ENGINE.runKernel(ResizeNearestNeighborGrad, inputs, attrs)
    );
    return { images: imagesDer };
  }
};

// ops/reverse.js
import * as tf50 from "@tensorflow/tfjs-core";
var reverse2 = (...args) => tf50.reverse(...args);

// gradients/Reverse_grad.js
var reverseGradConfig = {
  kernelName: Reverse,
  gradFunc: (dy, saved, attrs) => {
    const { dims } = attrs;
    const axes = parseAxisParam(dims, dy.shape);
    return { x: () => reverse2(dy, axes) };
  }
};

// gradients/Round_grad.js
var roundGradConfig = {
  kernelName: Round,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// gradients/Rsqrt_grad.js
var rsqrtGradConfig = {
  kernelName: Rsqrt,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => neg2(div2(dy, mul2(pow2(x, 1.5), 2))) };
  }
};

// ops/logical_not.js
import * as tf51 from "@tensorflow/tfjs-core";
var logicalNot2 = (...args) => tf51.logicalNot(...args);

// gradients/Select_grad.js
var selectGradConfig = {
  kernelName: Select,
  inputsToSave: ["condition"],
  gradFunc: (dy, saved) => {
    const [condition] = saved;
    return {
      // TODO(julianoks): Return null for condition gradient
      // when backprop supports it.
      condition: () => cast2(zerosLike2(condition), "float32"),
      t: () => mul2(dy, cast2(condition, dy.dtype)),
      e: () => mul2(dy, cast2(logicalNot2(condition), dy.dtype))
    };
  }
};

// ops/selu_util.js
import * as tf52 from "@tensorflow/tfjs-core";
var ERF_A13 = tf52.backend_util.ERF_A1;
var ERF_A23 = tf52.backend_util.ERF_A2;
var ERF_A33 = tf52.backend_util.ERF_A3;
var ERF_A43 = tf52.backend_util.ERF_A4;
var ERF_A53 = tf52.backend_util.ERF_A5;
var ERF_P3 = tf52.backend_util.ERF_P;
var PARALLELIZE_THRESHOLD3 = tf52.backend_util.PARALLELIZE_THRESHOLD;
var RowPartitionType3 = tf52.backend_util.RowPartitionType;
var SELU_SCALE3 = tf52.backend_util.SELU_SCALE;
var SELU_SCALEALPHA3 = tf52.backend_util.SELU_SCALEALPHA;
var applyActivation3 = tf52.backend_util.applyActivation;
var assertAndGetBroadcastShape4 = tf52.backend_util.assertAndGetBroadcastShape;
var assertAxesAreInnerMostDims3 = tf52.backend_util.assertAxesAreInnerMostDims;
var assertParamsConsistent3 = tf52.backend_util.assertParamsConsistent;
var assignToTypedArray3 = tf52.backend_util.assignToTypedArray;
var axesAreInnerMostDims3 = tf52.backend_util.axesAreInnerMostDims;
var calculateShapes3 = tf52.backend_util.calculateShapes;
var checkEinsumDimSizes3 = tf52.backend_util.checkEinsumDimSizes;
var checkPadOnDimRoundingMode3 = tf52.backend_util.checkPadOnDimRoundingMode;
var combineLocations3 = tf52.backend_util.combineLocations;
var combineRaggedTensorToTensorShapes3 = tf52.backend_util.combineRaggedTensorToTensorShapes;
var complexWithEvenIndex3 = tf52.backend_util.complexWithEvenIndex;
var complexWithOddIndex3 = tf52.backend_util.complexWithOddIndex;
var computeConv2DInfo3 = tf52.backend_util.computeConv2DInfo;
var computeConv3DInfo3 = tf52.backend_util.computeConv3DInfo;
var computeDefaultPad3 = tf52.backend_util.computeDefaultPad;
var computeDilation2DInfo3 = tf52.backend_util.computeDilation2DInfo;
var computeOptimalWindowSize3 = tf52.backend_util.computeOptimalWindowSize;
var computeOutAndReduceShapes3 = tf52.backend_util.computeOutAndReduceShapes;
var computeOutShape3 = tf52.backend_util.computeOutShape;
var computePool2DInfo3 = tf52.backend_util.computePool2DInfo;
var computePool3DInfo3 = tf52.backend_util.computePool3DInfo;
var convertConv2DDataFormat3 = tf52.backend_util.convertConv2DDataFormat;
var decodeEinsumEquation3 = tf52.backend_util.decodeEinsumEquation;
var eitherStridesOrDilationsAreOne3 = tf52.backend_util.eitherStridesOrDilationsAreOne;
var expandShapeToKeepDim3 = tf52.backend_util.expandShapeToKeepDim;
var exponent3 = tf52.backend_util.exponent;
var exponents3 = tf52.backend_util.exponents;
var fromStringArrayToUint83 = tf52.backend_util.fromStringArrayToUint8;
var fromUint8ToStringArray3 = tf52.backend_util.fromUint8ToStringArray;
var getAxesPermutation3 = tf52.backend_util.getAxesPermutation;
var getBroadcastDims4 = tf52.backend_util.getBroadcastDims;
var getComplexWithIndex3 = tf52.backend_util.getComplexWithIndex;
var getEinsumComputePath3 = tf52.backend_util.getEinsumComputePath;
var getEinsumPermutation3 = tf52.backend_util.getEinsumPermutation;
var getFusedBiasGradient3 = tf52.backend_util.getFusedBiasGradient;
var getFusedDyActivation3 = tf52.backend_util.getFusedDyActivation;
var getImageCenter3 = tf52.backend_util.getImageCenter;
var getInnerMostAxes3 = tf52.backend_util.getInnerMostAxes;
var getPermuted3 = tf52.backend_util.getPermuted;
var getRaggedRank3 = tf52.backend_util.getRaggedRank;
var getReductionAxes4 = tf52.backend_util.getReductionAxes;
var getReshaped3 = tf52.backend_util.getReshaped;
var getReshapedPermuted3 = tf52.backend_util.getReshapedPermuted;
var getRowPartitionTypesHelper3 = tf52.backend_util.getRowPartitionTypesHelper;
var getSliceBeginCoords3 = tf52.backend_util.getSliceBeginCoords;
var getSliceSize3 = tf52.backend_util.getSliceSize;
var getSparseFillEmptyRowsIndicesDenseShapeMismatch3 = tf52.backend_util.getSparseFillEmptyRowsIndicesDenseShapeMismatch;
var getSparseFillEmptyRowsNegativeIndexErrorMessage3 = tf52.backend_util.getSparseFillEmptyRowsNegativeIndexErrorMessage;
var getSparseFillEmptyRowsOutOfRangeIndexErrorMessage3 = tf52.backend_util.getSparseFillEmptyRowsOutOfRangeIndexErrorMessage;
var getSparseReshapeEmptyTensorZeroOutputDimErrorMessage3 = tf52.backend_util.getSparseReshapeEmptyTensorZeroOutputDimErrorMessage;
var getSparseReshapeInputOutputMismatchErrorMessage3 = tf52.backend_util.getSparseReshapeInputOutputMismatchErrorMessage;
var getSparseReshapeInputOutputMultipleErrorMessage3 = tf52.backend_util.getSparseReshapeInputOutputMultipleErrorMessage;
var getSparseReshapeMultipleNegativeOneOutputDimErrorMessage3 = tf52.backend_util.getSparseReshapeMultipleNegativeOneOutputDimErrorMessage;
var getSparseReshapeNegativeOutputDimErrorMessage3 = tf52.backend_util.getSparseReshapeNegativeOutputDimErrorMessage;
var getSparseSegmentReductionIndicesOutOfRangeErrorMessage3 = tf52.backend_util.getSparseSegmentReductionIndicesOutOfRangeErrorMessage;
var getSparseSegmentReductionNegativeSegmentIdsErrorMessage3 = tf52.backend_util.getSparseSegmentReductionNegativeSegmentIdsErrorMessage;
var getSparseSegmentReductionNonIncreasingSegmentIdsErrorMessage3 = tf52.backend_util.getSparseSegmentReductionNonIncreasingSegmentIdsErrorMessage;
var getSparseSegmentReductionSegmentIdOutOfRangeErrorMessage3 = tf52.backend_util.getSparseSegmentReductionSegmentIdOutOfRangeErrorMessage;
var getUndoAxesPermutation3 = tf52.backend_util.getUndoAxesPermutation;
var isIdentityPermutation3 = tf52.backend_util.isIdentityPermutation;
var log5 = tf52.backend_util.log;
var mergeRealAndImagArrays3 = tf52.backend_util.mergeRealAndImagArrays;
var prepareAndValidate3 = tf52.backend_util.prepareAndValidate;
var prepareSplitSize3 = tf52.backend_util.prepareSplitSize;
var segment_util3 = tf52.backend_util.segment_util;
var shouldFuse3 = tf52.backend_util.shouldFuse;
var slice_util3 = tf52.backend_util.slice_util;
var splitRealAndImagArrays3 = tf52.backend_util.splitRealAndImagArrays;
var stridesOrDilationsArePositive3 = tf52.backend_util.stridesOrDilationsArePositive;
var tupleValuesAreOne3 = tf52.backend_util.tupleValuesAreOne;
var upcastType3 = tf52.backend_util.upcastType;
var validateDefaultValueShape3 = tf52.backend_util.validateDefaultValueShape;
var validateInput3 = tf52.backend_util.validateInput;
var validateUpdateShape3 = tf52.backend_util.validateUpdateShape;
var warn3 = tf52.backend_util.warn;

// gradients/Selu_grad.js
var seluGradConfig = {
  kernelName: Selu,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return {
      x: () => {
        const mask = greater2(x, scalar2(0));
        const scaleAlpha = scalar2(SELU_SCALEALPHA3);
        const scale = scalar2(SELU_SCALE3);
        const greaterThanZeroDer = mul2(dy, scale);
        const lessEqualZeroDer = mul2(mul2(dy, scaleAlpha), exp2(cast2(x, "float32")));
        return where2(mask, greaterThanZeroDer, lessEqualZeroDer);
      }
    };
  }
};

// gradients/Sigmoid_grad.js
var sigmoidGradConfig = {
  kernelName: Sigmoid,
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [y] = saved;
    return { x: () => mul2(dy, mul2(y, sub2(scalar2(1), y))) };
  }
};

// gradients/Sign_grad.js
var signGradConfig = {
  kernelName: Sign,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// ops/cos.js
import * as tf53 from "@tensorflow/tfjs-core";
var cos2 = (...args) => tf53.cos(...args);

// gradients/Sin_grad.js
var sinGradConfig = {
  kernelName: Sin,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(cos2(cast2(x, "float32")), dy) };
  }
};

// ops/cosh.js
import * as tf54 from "@tensorflow/tfjs-core";
var cosh2 = (...args) => tf54.cosh(...args);

// gradients/Sinh_grad.js
var sinhGradConfig = {
  kernelName: Sinh,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(cosh2(cast2(x, "float32")), dy) };
  }
};

// ops/pad.js
import * as tf55 from "@tensorflow/tfjs-core";
var pad2 = (...args) => tf55.pad(...args);

// ops/slice_util.js
import * as tf56 from "@tensorflow/tfjs-core";
var assertParamsValid = tf56.slice_util.assertParamsValid;
var computeFlatOffset = tf56.slice_util.computeFlatOffset;
var computeOutShape4 = tf56.slice_util.computeOutShape;
var getNormalizedAxes = tf56.slice_util.getNormalizedAxes;
var isSliceContinous = tf56.slice_util.isSliceContinous;
var maskToAxes = tf56.slice_util.maskToAxes;
var parseSliceParams = tf56.slice_util.parseSliceParams;
var sliceInfo = tf56.slice_util.sliceInfo;
var startForAxis = tf56.slice_util.startForAxis;
var startIndicesWithElidedDims = tf56.slice_util.startIndicesWithElidedDims;
var stopForAxis = tf56.slice_util.stopForAxis;
var stopIndicesWithElidedDims = tf56.slice_util.stopIndicesWithElidedDims;
var stridesForAxis = tf56.slice_util.stridesForAxis;
var stridesWithElidedDims = tf56.slice_util.stridesWithElidedDims;

// gradients/Slice_grad.js
var sliceGradConfig = {
  kernelName: Slice,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { begin, size } = attrs;
    const inputShape = x.shape;
    const [begin_, size_] = parseSliceParams(x, begin, size);
    const paddings = [];
    for (let i = 0; i < dy.rank; i++) {
      paddings.push([begin_[i], inputShape[i] - begin_[i] - size_[i]]);
    }
    return { x: () => pad2(dy, paddings) };
  }
};

// gradients/Softmax_grad.js
var softmaxGradConfig = {
  kernelName: Softmax,
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [y] = saved;
    const { dim } = attrs;
    const keepDims = true;
    const dyTimesY = mul2(dy, y);
    return {
      logits: () => sub2(dyTimesY, mul2(sum2(dyTimesY, [dim], keepDims), y))
    };
  }
};

// ops/sigmoid.js
import * as tf57 from "@tensorflow/tfjs-core";
var sigmoid2 = (...args) => tf57.sigmoid(...args);

// gradients/Softplus_grad.js
var softplusGradConfig = {
  kernelName: Softplus,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(dy, sigmoid2(x)) };
  }
};

// ops/batch_to_space_nd.js
function batchToSpaceND_(x, blockShape, crops) {
  const $x = convertToTensor(x, "x", "batchToSpaceND");
  const prod = blockShape.reduce((a, b) => a * b);
  assert($x.rank >= 1 + blockShape.length, () => `input rank is ${$x.rank} but should be > than blockShape.length ${blockShape.length}`);
  assert(crops.length === blockShape.length, () => `crops.length is ${crops.length} but should be equal to blockShape.length  ${blockShape.length}`);
  assert($x.shape[0] % prod === 0, () => `input tensor batch is ${$x.shape[0]} but is not divisible by the product of the elements of blockShape ${blockShape.join(" * ")} === ${prod}`);
  const inputs = { x: $x };
  const attrs = { blockShape, crops };
  return ENGINE.runKernel(BatchToSpaceND, inputs, attrs);
}
var batchToSpaceND = /* @__PURE__ */ op2({ batchToSpaceND_ });

// gradients/SpaceToBatchND_grad.js
var spaceToBatchNDGradConfig = {
  kernelName: SpaceToBatchND,
  gradFunc: (dy, saved, attrs) => {
    const { blockShape, paddings } = attrs;
    return { x: () => batchToSpaceND(dy, blockShape, paddings) };
  }
};

// ops/concat.js
import * as tf58 from "@tensorflow/tfjs-core";
var concat2 = (...args) => tf58.concat(...args);

// gradients/SplitV_grad.js
var splitVGradConfig = {
  kernelName: SplitV,
  gradFunc: (dy, saved, attrs) => {
    const { axis } = attrs;
    return { x: () => concat2(dy, axis) };
  }
};

// gradients/Sqrt_grad.js
var sqrtGradConfig = {
  kernelName: Sqrt,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, mul2(sqrt2(cast2(x, "float32")), 2)) };
  }
};

// gradients/Square_grad.js
var squareGradConfig = {
  kernelName: Square,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => mul2(dy, mul2(cast2(x, "float32"), 2)) };
  }
};

// gradients/SquaredDifference_grad.js
var squaredDifferenceGradConfig = {
  kernelName: SquaredDifference,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const two = scalar2(2);
    const derA = () => mul2(dy, mul2(two, sub2(a, b)));
    const derB = () => mul2(dy, mul2(two, sub2(b, a)));
    return { a: derA, b: derB };
  }
};

// gradients/Step_grad.js
var stepGradConfig = {
  kernelName: Step,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// gradients/Sub_grad.js
var subGradConfig = {
  kernelName: Sub,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const outShape = assertAndGetBroadcastShape(a.shape, b.shape);
    const derA = () => {
      let res = dy;
      const reduceAxes = getReductionAxes(a.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(res, a.shape);
    };
    const derB = () => {
      let res = dy;
      const reduceAxes = getReductionAxes(b.shape, outShape);
      if (reduceAxes.length > 0) {
        res = sum2(res, reduceAxes);
      }
      return reshape2(neg2(res), b.shape);
    };
    return { a: derA, b: derB };
  }
};

// gradients/Sum_grad.js
var sumGradConfig = {
  kernelName: Sum,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const expandedDyShape = x.shape.slice();
    const { axis } = attrs;
    const axes = parseAxisParam(axis, x.shape);
    axes.forEach((axis2) => {
      expandedDyShape[axis2] = 1;
    });
    const expandedDy = reshape2(dy, expandedDyShape);
    const derX = mul2(expandedDy, ones2(x.shape, "float32"));
    return { x: () => derX };
  }
};

// gradients/Tan_grad.js
var tanGradConfig = {
  kernelName: Tan,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved;
    return { x: () => div2(dy, square2(cos2(x))) };
  }
};

// gradients/Tanh_grad.js
var tanhGradConfig = {
  kernelName: Tanh,
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [y] = saved;
    return { x: () => mul2(sub2(scalar2(1), square2(y)), dy) };
  }
};

// gradients/Tile_grad.js
var tileGradConfig = {
  kernelName: Tile,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved;
    const { reps } = attrs;
    const derX = () => {
      let xGrad = zerosLike2(x);
      if (x.rank === 1) {
        for (let i = 0; i < reps[0]; ++i) {
          xGrad = add2(xGrad, slice3(dy, [i * x.shape[0]], [x.shape[0]]));
        }
      } else if (x.rank === 2) {
        for (let i = 0; i < reps[0]; ++i) {
          for (let j = 0; j < reps[1]; ++j) {
            xGrad = add2(xGrad, slice3(dy, [i * x.shape[0], j * x.shape[1]], [
              x.shape[0],
              x.shape[1]
            ]));
          }
        }
      } else if (x.rank === 3) {
        for (let i = 0; i < reps[0]; ++i) {
          for (let j = 0; j < reps[1]; ++j) {
            for (let k = 0; k < reps[2]; ++k) {
              xGrad = add2(xGrad, slice3(dy, [i * x.shape[0], j * x.shape[1], k * x.shape[2]], [x.shape[0], x.shape[1], x.shape[2]]));
            }
          }
        }
      } else if (x.rank === 4) {
        for (let i = 0; i < reps[0]; ++i) {
          for (let j = 0; j < reps[1]; ++j) {
            for (let k = 0; k < reps[2]; ++k) {
              for (let l = 0; l < reps[3]; ++l) {
                xGrad = add2(xGrad, slice3(dy, [
                  i * x.shape[0],
                  j * x.shape[1],
                  k * x.shape[2],
                  l * x.shape[3]
                ], [x.shape[0], x.shape[1], x.shape[2], x.shape[3]]));
              }
            }
          }
        }
      } else {
        throw new Error(`Gradient for tile operation is not implemented for rank-${x.rank} tensors yet.`);
      }
      return xGrad;
    };
    return { x: derX };
  }
};

// gradients/Transpose_grad.js
var transposeGradConfig = {
  kernelName: Transpose,
  gradFunc: (dy, saved, attrs) => {
    const transposeAttrs = attrs;
    const { perm } = transposeAttrs;
    const undoPerm = getUndoAxesPermutation2(perm);
    return { x: () => transpose2(dy, undoPerm) };
  }
};

// gradients/Unpack_grad.js
var unpackGradConfig = {
  kernelName: Unpack,
  gradFunc: (dy, saved, attrs) => {
    const unpackAttrs = attrs;
    const { axis } = unpackAttrs;
    return { value: () => stack2(dy, axis) };
  }
};

// ops/expand_dims.js
import * as tf59 from "@tensorflow/tfjs-core";
var expandDims2 = (...args) => tf59.expandDims(...args);

// ops/gather.js
import * as tf60 from "@tensorflow/tfjs-core";
var gather2 = (...args) => tf60.gather(...args);

// ops/maximum.js
import * as tf61 from "@tensorflow/tfjs-core";
var maximum2 = (...args) => tf61.maximum(...args);

// gradients/UnsortedSegmentSum_grad.js
var unsortedSegmentSumGradConfig = {
  kernelName: UnsortedSegmentSum,
  inputsToSave: ["segmentIds"],
  gradFunc: (dy, saved) => {
    const [segmentIds] = saved;
    const derX = () => {
      return gatherDropNegatives(dy, segmentIds);
    };
    return { x: derX };
  }
};
function gatherDropNegatives(x, indices) {
  const zeroClippedIndices = maximum2(indices, zerosLike2(indices));
  const gathered = gather2(x, zeroClippedIndices);
  let isPositive = greaterEqual2(indices, scalar2(0, "int32"));
  const numIters = gathered.rank - isPositive.rank;
  for (let i = 0; i < numIters; ++i) {
    isPositive = expandDims2(isPositive, i + 1);
  }
  isPositive = logicalAnd2(isPositive, ones2(gathered.shape, "bool"));
  const zeroSlice = zerosLike2(gathered);
  return where2(isPositive, gathered, zeroSlice);
}

// gradients/ZerosLike_grad.js
var zerosLikeGradConfig = {
  kernelName: ZerosLike,
  gradFunc: (dy) => {
    return { x: () => zerosLike2(dy) };
  }
};

// kernel_registry.js
var configs = [];
var registerGradient = (config) => configs.push(config);

// register_all_gradients.js
var gradConfigs = [
  absGradConfig,
  acosGradConfig,
  acoshGradConfig,
  addGradConfig,
  addNGradConfig,
  argMaxGradConfig,
  argMinGradConfig,
  asinGradConfig,
  asinhGradConfig,
  atan2GradConfig,
  atanGradConfig,
  atanhGradConfig,
  avgPool3DGradConfig,
  avgPoolGradConfig,
  batchMatMulGradConfig,
  batchToSpaceNDGradConfig,
  broadcastToGradConfig,
  castGradConfig,
  ceilGradConfig,
  clipByValueGradConfig,
  complexAbsGradConfig,
  concatGradConfig,
  conv2DBackpropInputGradConfig,
  conv2DGradConfig,
  conv3DGradConfig,
  cosGradConfig,
  coshGradConfig,
  cumsumGradConfig,
  depthwiseConv2dNativeGradConfig,
  dilation2dGradConfig,
  divGradConfig,
  eluGradConfig,
  erfGradConfig,
  expGradConfig,
  expandDimsGradConfig,
  expm1GradConfig,
  floorDivGradConfig,
  floorGradConfig,
  fusedBatchNormGradConfig,
  gatherGradConfig,
  greaterEqualGradConfig,
  identityGradConfig,
  isFiniteGradConfig,
  isInfGradConfig,
  isNanGradConfig,
  leakyReluGradConfig,
  log1pGradConfig,
  logGradConfig,
  logSoftmaxGradConfig,
  lrnGradConfig,
  maxGradConfig,
  maxGradConfig,
  maximumGradConfig,
  maxPool3DGradConfig,
  maxPoolGradConfig,
  meanGradConfig,
  minGradConfig,
  minimumGradConfig,
  mirrorPadGradConfig,
  modGradConfig,
  multiplyGradConfig,
  negGradConfig,
  oneHotGradConfig,
  onesLikeGradConfig,
  packGradConfig,
  padV2GradConfig,
  padV2GradConfig,
  powGradConfig,
  preluGradConfig,
  prodGradConfig,
  reciprocalGradConfig,
  relu6GradConfig,
  reluGradConfig,
  reshapeGradConfig,
  resizeBilinearGradConfig,
  resizeNearestNeighborGradConfig,
  reverseGradConfig,
  roundGradConfig,
  rsqrtGradConfig,
  selectGradConfig,
  seluGradConfig,
  sigmoidGradConfig,
  signGradConfig,
  sinGradConfig,
  sinhGradConfig,
  sliceGradConfig,
  softmaxGradConfig,
  softplusGradConfig,
  spaceToBatchNDGradConfig,
  spaceToBatchNDGradConfig,
  splitVGradConfig,
  splitVGradConfig,
  sqrtGradConfig,
  squaredDifferenceGradConfig,
  squareGradConfig,
  stepGradConfig,
  subGradConfig,
  sumGradConfig,
  tanGradConfig,
  tanhGradConfig,
  tileGradConfig,
  transposeGradConfig,
  unpackGradConfig,
  unsortedSegmentSumGradConfig,
  zerosLikeGradConfig
];
for (const gradientConfig of gradConfigs) {
  registerGradient(gradientConfig);
}
export {
  configs as tfjsGradients
};
