import type {
  CastAttrs,
  ClipByValueAttrs,
  KernelConfig,
  LeakyReluAttrs,
  StepAttrs,
  TensorInfo,
} from "@tensorflow/tfjs-core";
import { comparisonKernel, elementwiseKernel, kernel } from "../define-kernel.js";
import { dtypeCode } from "../dtype.js";

const unaryNames = [
  ...["Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "ComplexAbs", "Cos", "Cosh", "Elu", "Erf"],
  ...["Exp", "Expm1", "Floor", "IsFinite", "IsInf", "IsNan", "Log", "Log1p", "LogicalNot", "Neg", "OnesLike"],
  ...["Reciprocal", "Relu", "Relu6", "Round", "Rsqrt", "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus"],
  ...["Sqrt", "Square", "Tan", "Tanh", "ZerosLike"],
];

const binaryNames = [
  ...["Add", "Atan2", "BitwiseAnd", "FloorDiv", "LogicalAnd", "LogicalOr", "LogicalXor", "Maximum", "Minimum", "Mod"],
  ...["Multiply", "Pow", "RealDiv", "SquaredDifference", "Sub"],
];

const comparisonNames = ["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"];

/** Kernels of one output and hardly an attribute; all but the Fourier transforms treat each element alone, with broadcasting. */
export const elementwiseKernels: KernelConfig[] = [
  ...unaryNames.map((name) => elementwiseKernel(name, "x")),
  ...binaryNames.map((name) => elementwiseKernel(name, "a", "b")),
  ...comparisonNames.map(comparisonKernel),
  elementwiseKernel("FFT", "input"),
  elementwiseKernel("IFFT", "input"),
  elementwiseKernel("Real", "input"),
  elementwiseKernel("Imag", "input"),
  elementwiseKernel("Complex", "real", "imag"),
  elementwiseKernel("Prelu", "x", "alpha"),
  elementwiseKernel("EluGrad", "dy", "y"),
  kernel<StepAttrs>("Step", { args: ({ x }, { alpha }) => [x!, alpha] }),
  kernel<LeakyReluAttrs>("LeakyRelu", { args: ({ x }, { alpha }) => [x!, alpha] }),
  kernel<ClipByValueAttrs>("ClipByValue", {
    args: ({ x }, { clipValueMin, clipValueMax }) => [x!, clipValueMin, clipValueMax],
  }),
  kernel<CastAttrs>("Cast", { args: ({ x }, { dtype }) => [x!, dtypeCode(dtype)] }),
  kernel("AddN", { args: (inputs) => [Object.values(inputs) as TensorInfo[]] }),
  kernel("Select", { args: ({ condition, t, e }) => [condition!, t!, e!] }),
];
