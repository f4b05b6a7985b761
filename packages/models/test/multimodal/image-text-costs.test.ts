import { backward } from "@graticule/autodiff";
import { profile, type Scalar, square, sum, type Tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  Decoder,
  ForConditionalGeneration,
  type ImageTextConfig,
  imageTextFlops,
  imageTextMemory,
  imageTextParameters,
  imageTextStepFlops,
} from "../../src/index.js";
import { backends } from "../backends.js";

const config: ImageTextConfig = {
  decoder: {
    ...{ vocabSize: 50, embedDim: 32, depth: 3, numHeads: 4, mlpDim: 80, queryRank: 24, keyValueRank: 16 },
    ...{ nopeHeadDim: 8, ropeHeadDim: 4, valueHeadDim: 6, normEpsilon: 1e-5, ropeTheta: 1e4, longRope: undefined },
    ...{ contextLength: 64, embeddingScale: 12, depthScale: 1.4, logitBaseDim: 16, tieEmbeddings: false },
  },
  vision: {
    imageSide: 20,
    patchSize: 5,
    inChannels: 2,
    embedDim: 24,
    depth: 2,
    numHeads: 4,
    mlpDim: 40,
    normEpsilon: 1e-6,
  },
  resampler: { numQueries: 5, embedDim: 32, visionDim: 24, numHeads: 4 },
};
const work = { batch: 2, tokens: 12, images: 3, patches: 16, scoredTokens: 24 };

const inputs = (): { rows: Int32Array[]; images: Tensor[]; places: { row: number; start: number }[] } => ({
  rows: [new Int32Array(12).fill(1), new Int32Array(12).fill(2)],
  images: [zeros([2, 20, 20]), zeros([2, 10, 15]), zeros([2, 20, 20])],
  places: [
    { row: 0, start: 0 },
    { row: 0, start: 6 },
    { row: 1, start: 3 },
  ],
});

/** Operations of all matrix products that a function runs, by the shapes of its kernels. */
async function countProducts(run: () => Tensor): Promise<number> {
  const { kernels } = await profile(run);
  return kernels.reduce((total, { name, inputShapes, outputShapes }) => {
    if (!/MatMul/.test(name)) return total;
    const [a, out] = [inputShapes[0] as number[], outputShapes[0] as number[]];
    const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
    const inner = size(a) / (size(a.slice(0, -2)) * (out.at(-2) as number));
    return total + 2 * size(out) * inner;
  }, 0);
}

describe("on cpu", () => {
  beforeAll(async () => backends[0]!.use());

  test("operations of a forward pass are those of its products, counted", async () => {
    const model = new ForConditionalGeneration(config);
    const flops = imageTextFlops(config, work);
    expect(await countProducts(() => model.forward(inputs()))).toBe(flops.total);
    expect(await countProducts(() => model.llm.model.forward(inputs().rows))).toBe(
      flops.decoder.weights + flops.decoder.attention,
    );
    const direct = { ...config, decoder: { ...config.decoder, queryRank: undefined } };
    const other = new ForConditionalGeneration(direct);
    expect(await countProducts(() => other.forward(inputs()))).toBe(imageTextFlops(direct, work).total);
    model.dispose();
    other.dispose();
  });

  test("a step takes three times a forward pass, but for gradients of pixels that nobody asks for", async () => {
    const model = new ForConditionalGeneration(config);
    const variables = model.namedParameters().map(([, { variable }]) => variable);
    const counted = await countProducts(() =>
      backward(
        () => tidy(() => sum(square(model.forward(inputs()))) as Scalar),
        variables,
        (_, gradient) => gradient.dispose(),
      ),
    );
    const expected = imageTextStepFlops(config, work, { loraValues: undefined, recompute: false });
    const ofPixels = 2 * work.images * work.patches * (2 * 5 * 5) * 24;
    expect(counted).toBe(expected - ofPixels);
    model.dispose();
  });
});

const [, , torchBackend] = backends;
describe.skipIf(torchBackend!.skip)(`on ${torchBackend!.name}`, () => {
  beforeAll(torchBackend!.use);

  test.each(["fp32", "bf16"] as const)("activations of %s are what the meter finds kept", async (precision) => {
    const torch = await import("@graticule/tfjs-backend-torch");
    torch.setPrecision(precision);
    const shape = { ...config.decoder, embedDim: 128, mlpDim: 320, contextLength: 512 };
    const tokens = 256;
    const keptWith = (depth: number): number => {
      const model = new Decoder({ ...shape, depth });
      const variables = model.namedParameters().map(([, { variable }]) => variable);
      const loss = () => tidy(() => sum(square(model.forward([new Int32Array(tokens)]))) as Scalar);
      loss().dispose(); // where products are the library's, it leaves copies of the weights, which are no activations
      const before = torch.memoryStats().storageBytes;
      let kept = 0;
      backward(loss, variables, (_, gradient) => {
        kept ||= torch.memoryStats().storageBytes - before;
        gradient.dispose();
      }).dispose();
      model.dispose();
      return kept;
    };
    const perLayer = (keptWith(4) - keptWith(2)) / 2;
    const memoryOf = (depth: number): number =>
      imageTextMemory(
        { ...config, decoder: { ...shape, depth }, resampler: { ...config.resampler, embedDim: 128 } },
        { batch: 1, tokens, images: 0, patches: 0, scoredTokens: 0 },
        { loraValues: undefined, recompute: false, precision, ranks: 1 },
      ).activations;
    expect(perLayer / (memoryOf(4) - memoryOf(3))).toBeCloseTo(1, 2);
    torch.setPrecision("fp32");
  });
});

test("memory: what is trained has a gradient and two moments, a frozen base half a weight, ranks share both", () => {
  const { total } = imageTextParameters(config);
  const full = imageTextMemory(config, work, { loraValues: undefined, recompute: false, precision: "fp32", ranks: 1 });
  expect([full.weights, full.gradients, full.optimizer]).toEqual([4 * total, 4 * total, 8 * total]);
  const lora = imageTextMemory(config, work, { loraValues: 1000, recompute: true, precision: "fp32", ranks: 1 });
  expect([lora.weights, lora.gradients, lora.optimizer]).toEqual([2 * total + 4000, 4000, 8000]);
  expect(lora.activations).toBeLessThan(full.activations / 2);
  const shared = imageTextMemory(config, work, {
    loraValues: undefined,
    recompute: false,
    precision: "fp32",
    ranks: 4,
  });
  expect(shared.total - shared.activations).toBe((full.total - full.activations) / 4);
});
