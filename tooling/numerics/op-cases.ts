import { valueAndGrad } from "@graticule/autodiff";
import {
  adamW,
  attention,
  gatherPatches,
  gatherTokens,
  gelu,
  latitudeWeightedMeanSquaredError,
  latitudeWeights,
  layerNorm,
  linear,
  maskedMeanSquaredError,
  maskedPatchError,
  normalizePatches,
  normLinear,
  patchify,
  rmsNorm,
  selfAttention,
  softmaxCrossEntropy,
  sumOfSquares,
} from "@graticule/ops";
import { mul, type Scalar, sum, type Tensor, tensor2d, tidy, variable, zeros } from "@tensorflow/tfjs-core";
import { numbers } from "./numbers.js";

/** What a case computed: its outputs, and the gradients of all its inputs one after the other. */
export interface Computed {
  readonly output: readonly number[];
  readonly gradient?: readonly number[];
}

interface OpCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly run: (...inputs: Tensor[]) => Tensor;
}

const mask = (): Tensor =>
  tensor2d([
    [1, 0, 1, 1, 0, 0],
    [0, 1, 0, 1, 1, 0],
  ]);

/** As in tooling/fixtures/make-numerics-reference.py. */
const opCases: readonly OpCase[] = [
  { name: "linear", shapes: [[2, 5, 8], [6, 8], [6]], run: (x, w, b) => linear(x!, w!, b) },
  {
    name: "linear with GELU and residual",
    shapes: [[2, 5, 8], [6, 8], [6], [2, 5, 6]],
    run: (x, w, b, residual) => linear(x!, w!, b, { inputActivation: "gelu", residual: residual! }),
  },
  { name: "layerNorm", shapes: [[2, 5, 8], [8], [8]], run: (x, g, b) => layerNorm(x!, g!, b!, 1e-6) },
  { name: "selfAttention", shapes: [[2, 5, 24]], run: (qkv) => selfAttention(qkv!, 2) },
  { name: "gelu", shapes: [[4, 9]], run: (x) => gelu(mul(x!, 3)) },
  { name: "softmaxCrossEntropy", shapes: [[4, 5]], run: (x) => softmaxCrossEntropy(x!, Int32Array.of(3, 0, 4, 3)) },
  {
    name: "maskedMeanSquaredError",
    shapes: [
      [2, 6, 8],
      [2, 6, 8],
    ],
    run: (prediction, target) => maskedMeanSquaredError(prediction!, target!, mask()),
  },
  { name: "normalizePatches", shapes: [[2, 6, 8]], run: (patches) => normalizePatches(patches!) },
  { name: "patchify", shapes: [[1, 2, 4, 6]], run: (images) => patchify(images!, 2, "channels-last") },
  {
    name: "normLinear",
    shapes: [[2, 5, 8], [8], [8], [6, 8], [6]],
    run: (x, gamma, beta, weight, bias) =>
      normLinear(x!, { gamma: gamma!, beta: beta!, epsilon: 1e-6, weight: weight!, bias: bias! }),
  },
  { name: "rmsNorm", shapes: [[2, 5, 8], [8]], run: (x, gamma) => rmsNorm(x!, gamma!, 1e-6) },
  {
    name: "attention, grouped heads",
    shapes: [
      [2, 3, 8],
      [2, 5, 4],
      [2, 5, 4],
    ],
    run: (q, k, v) => attention(q!, k!, v!, { numHeads: 4, numKeyValueHeads: 2 }),
  },
  { name: "gelu by tanh", shapes: [[4, 9]], run: (x) => gelu(mul(x!, 3), { approximate: "tanh" }) },
  {
    name: "gatherPatches",
    shapes: [[1, 2, 4, 6]],
    run: (images) => gatherPatches(images!, { patchSize: 2, keep: Int32Array.of(5, 0, 2) }),
  },
  {
    name: "maskedPatchError",
    shapes: [
      [1, 6, 8],
      [1, 2, 4, 6],
    ],
    run: (prediction, images) =>
      maskedPatchError(prediction!, images!, tensor2d([[1, 0, 1, 1, 0, 0]]), { patchSize: 2, normalize: true }),
  },
  {
    name: "latitudeWeightedMeanSquaredError",
    shapes: [
      [2, 2, 3, 4],
      [2, 2, 3, 4],
    ],
    run: (prediction, target) => latitudeWeightedMeanSquaredError(prediction!, target!, latitudeWeights([60, 0, -60])),
  },
  { name: "gatherTokens", shapes: [[2, 6, 4]], run: (x) => gatherTokens(x!, Int32Array.of(5, 0, 2, 1, 4, 3)) },
];

/** Runs every op of `@graticule/ops` on the active backend. */
export async function computeOps(): Promise<Record<string, Computed>> {
  const computed: Record<string, Computed> = {};
  for (const opCase of opCases) computed[opCase.name] = await compute(opCase);
  computed.sumOfSquares = { output: await read([sumOfSquares(numbers([4, 9], 1))]) };
  computed["adamW, 3 steps"] = await computeAdamW();
  return computed;
}

/** The gradient is that of Σ output · numbers. */
async function compute({ shapes, run }: OpCase): Promise<Computed> {
  const inputs = shapes.map((shape, index) => variable(numbers(shape, index + 1)));
  const output = tidy(() => run(...inputs));
  const weights = numbers(output.shape, 9);
  const { gradients } = valueAndGrad(() => tidy(() => sum(mul(run(...inputs), weights)) as Scalar), inputs);
  return { output: await read([output]), gradient: await read(gradients as Tensor[]) };
}

async function computeAdamW(): Promise<Computed> {
  const [parameter, first, second] = [numbers([4, 5], 1), zeros([4, 5]), zeros([4, 5])].map((x) => variable(x));
  const hyper = { learningRate: 1e-2, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.05, gradScale: 1 };
  for (const step of [1, 2, 3]) adamW(parameter!, numbers([4, 5], 1 + step), first!, second!, { ...hyper, step });
  return { output: await read([parameter!, first!, second!]) };
}

/** All values of the tensors, one tensor after the other. */
export async function read(tensors: readonly Tensor[]): Promise<number[]> {
  const values = await Promise.all(tensors.map(async (tensor) => [...(await tensor.data())]));
  return values.flat();
}
