import type { io } from "@tensorflow/tfjs-core";
import { numbers } from "../on-torch.js";
import { dtype, flag, float, func, type GraphNode, int, ints, node, shape, text, texts } from "./graph-nodes.js";

interface Weight {
  readonly shape: number[];
  readonly values: readonly number[];
  readonly dtype: "float32" | "int32";
}

const random = (seed: number, scale: number, ...dims: number[]): Weight => ({
  shape: dims,
  values: numbers(
    dims.reduce((a, b) => a * b, 1),
    seed,
    scale,
  ),
  dtype: "float32",
});
const whole = (values: number[], ...dims: number[]): Weight => ({ shape: dims, values, dtype: "int32" });
const scalar = (value: number): Weight => ({ shape: [], values: [value], dtype: "float32" });

/** Constants of the graph; images are NHWC, filters HWIO. */
const weights: Record<string, Weight> = {
  stem_filter: random(1, 0.5, 3, 3, 2, 6),
  stem_bias: random(2, 0.3, 6),
  depthwise_filter: random(3, 0.6, 3, 3, 6, 2),
  depthwise_bias: random(4, 0.3, 12),
  scale: random(5, 1, 12),
  offset: random(6, 0.2, 12),
  mean: random(7, 0.1, 12),
  variance: { ...random(8, 0.4, 12), values: numbers(12, 8, 0.4).map((value) => value + 0.5) },
  size: whole([11, 7], 2),
  paddings: whole([0, 0, 1, 2, 0, 1, 0, 0], 4, 2),
  space: whole([1, 2], 2),
  mixing: random(9, 0.5, 12, 5),
  order: whole([0, 2, 1], 3),
  axis: whole([1]),
  picks: whole([4, 0, 0, 2], 4),
  tokens_shape: whole([-1, 40, 5], 3),
  dense: random(10, 0.4, 5, 4),
  dense_bias: random(11, 0.2, 4),
  limit: scalar(0.01),
  factor: scalar(0.5),
  zero: scalar(0),
  cut_begin: whole([0, 0, 1, 0], 4),
  cut_end: whole([0, 0, 6, 5], 4),
  cut_strides: whole([1, 1, 1, 1], 4),
  all_of_two: whole([0, 1], 2),
};

const conv = { strides: ints(1, 2, 1, 1), padding: text("SAME"), data_format: text("NHWC") };
const pool = { ksize: ints(1, 2, 2, 1), strides: ints(1, 2, 2, 1), padding: text("SAME") };

/** Image features: fused convolutions, batch norm, both poolings, resizing, padding. */
const features: GraphNode[] = [
  node("image", "Placeholder", [], { dtype: dtype("FLOAT"), shape: shape(-1, 13, 9, 2) }),
  node("stem", "_FusedConv2D", ["image", "stem_filter", "stem_bias"], {
    ...conv,
    fused_ops: texts("BiasAdd", "Relu6"),
    num_args: int(1),
    dilations: ints(1, 1, 1, 1),
  }),
  node("depthwise", "FusedDepthwiseConv2dNative", ["stem", "depthwise_filter", "depthwise_bias"], {
    ...conv,
    strides: ints(1, 1, 1, 1),
    fused_ops: texts("BiasAdd", "Elu"),
    num_args: int(1),
    dilations: ints(1, 1, 1, 1),
  }),
  node("norm", "FusedBatchNormV3", ["depthwise", "scale", "offset", "mean", "variance"], {
    epsilon: float(0.001),
    is_training: flag(false),
    data_format: text("NHWC"),
  }),
  node("max_pool", "MaxPool", ["norm"], pool),
  node("avg_pool", "AvgPool", ["norm"], pool),
  node("joined", "AddV2", ["max_pool", "avg_pool"]),
  node("resized", "ResizeBilinear", ["joined", "size"], { half_pixel_centers: flag(true), align_corners: flag(false) }),
  node("padded", "Pad", ["resized", "paddings"], { Tpaddings: dtype("INT32") }),
  node("pooled", "Mean", ["padded", "space"], { keep_dims: flag(true), Tidx: dtype("INT32") }),
  node("gated", "Mul", ["resized", "pooled"]),
];

/** Tokens of the features: einsum, transposition, gather, a product of each token with every other one, softmax. */
const tokens: GraphNode[] = [
  node("mixed", "Einsum", ["gated", "mixing"], { equation: text("bhwc,cd->bhwd"), N: int(2) }),
  node("picked", "GatherV2", ["mixed", "picks", "axis"], { Taxis: dtype("INT32"), Tindices: dtype("INT32") }),
  node("doubled", "ConcatV2", ["picked", "picked", "axis"], { N: int(2) }),
  node("cut", "StridedSlice", ["doubled", "cut_begin", "cut_end", "cut_strides"], {
    Index: dtype("INT32"),
    begin_mask: int(1),
    end_mask: int(3),
    ellipsis_mask: int(0),
    new_axis_mask: int(0),
    shrink_axis_mask: int(0),
  }),
  node("token", "Reshape", ["cut", "tokens_shape"], { Tshape: dtype("INT32") }),
  node("key", "Transpose", ["token", "order"], { Tperm: dtype("INT32") }),
  node("scores", "BatchMatMulV2", ["token", "key"], { adj_x: flag(false), adj_y: flag(false) }),
  node("attention", "Softmax", ["scores"]),
  node("attended", "BatchMatMulV2", ["attention", "token"], { adj_x: flag(false), adj_y: flag(false) }),
  node("summary", "Mean", ["attended", "axis"], { keep_dims: flag(false), Tidx: dtype("INT32") }),
  node("logits", "_FusedMatMul", ["summary", "dense", "dense_bias"], {
    transpose_a: flag(false),
    transpose_b: flag(false),
    fused_ops: texts("BiasAdd"),
    num_args: int(1),
  }),
];

/** Control flow: a loop that halves until the sum is small, and a branch that depends on the result. */
const control: GraphNode[] = [
  node("squares", "Mul", ["logits", "logits"]),
  node("loop", "StatelessWhile", ["squares", "limit"], { cond: func("is_large"), body: func("halve") }),
  node("total", "Sum", ["loop", "all_of_two"], { keep_dims: flag(false), Tidx: dtype("INT32") }),
  node("is_positive", "Greater", ["total", "zero"]),
  node("branch", "StatelessIf", ["is_positive", "loop"], {
    Tcond: dtype("BOOL"),
    then_branch: func("halve_once"),
    else_branch: func("negate"),
  }),
  node("probabilities", "Softmax", ["logits"]),
];

const arg = (name: string, type: "FLOAT" | "BOOL" = "FLOAT") => ({ name, ...dtype(type) });

interface GraphFunction {
  readonly signature: { name: string; inputArg: object[]; outputArg: object[] };
  readonly nodeDef: readonly GraphNode[];
  readonly ret: Record<string, string>;
}

/** tfjs-converter keeps the constants of functions among the weights of the whole graph. */
const constant = (name: string): GraphNode =>
  node(name, "Const", [], { dtype: dtype(weights[name]!.dtype === "int32" ? "INT32" : "FLOAT") });

const functions: GraphFunction[] = [
  {
    signature: { name: "is_large", inputArg: [arg("x"), arg("limit")], outputArg: [arg("out", "BOOL")] },
    nodeDef: [
      constant("all_of_two"),
      node("sum", "Sum", ["x", "all_of_two:output:0"], { keep_dims: flag(false), Tidx: dtype("INT32") }),
      node("greater", "Greater", ["sum:output:0", "limit"]),
    ],
    ret: { out: "greater:z:0" },
  },
  {
    signature: { name: "halve", inputArg: [arg("x"), arg("limit")], outputArg: [arg("out"), arg("same")] },
    nodeDef: [constant("factor"), node("half", "Mul", ["x", "factor:output:0"]), node("kept", "Identity", ["limit"])],
    ret: { out: "half:z:0", same: "kept:output:0" },
  },
  {
    signature: { name: "halve_once", inputArg: [arg("x")], outputArg: [arg("out")] },
    nodeDef: [constant("factor"), node("half", "Mul", ["x", "factor:output:0"])],
    ret: { out: "half:z:0" },
  },
  {
    signature: { name: "negate", inputArg: [arg("x")], outputArg: [arg("out")] },
    nodeDef: [node("negated", "Neg", ["x"])],
    ret: { out: "negated:y:0" },
  },
];

/** A small graph of the ops that converted vision models are made of, with a loop and a branch. */
export function makeGraphModel(): io.ModelArtifacts {
  const constants = Object.entries(weights);
  const constNodes = constants.map(([name, weight]) =>
    node(name, "Const", [], {
      dtype: dtype(weight.dtype === "int32" ? "INT32" : "FLOAT"),
      shape: shape(...weight.shape),
    }),
  );
  const data = constants.map(([, { dtype: type, values }]) =>
    Buffer.from(type === "int32" ? Int32Array.from(values).buffer : Float32Array.from(values).buffer),
  );
  return {
    format: "graph-model",
    generatedBy: "packages/tfjs-backend-torch/test/models/make-models.ts",
    convertedBy: null as never,
    modelTopology: {
      node: [...constNodes, ...features, ...tokens, ...control],
      library: { function: functions },
      versions: {},
    },
    weightSpecs: constants.map(([name, weight]) => ({ name, shape: weight.shape, dtype: weight.dtype })),
    weightData: Uint8Array.from(Buffer.concat(data)).buffer,
  };
}
