import { valueAndGrad } from "@graticule/autodiff";
import { initialize, normal } from "@graticule/nn";
import { concat, memory, type Scalar, slice, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  ensembleInputs,
  ensembleLoss,
  Forecaster,
  type ForecasterOverrides,
  forecasterConfig,
  forecastLoss,
  makeForecaster,
  rollout,
  rolloutLoss,
  rolloutSteps,
} from "../../src/index.js";
import { backends } from "../backends.js";
import { checkSlopes } from "../check-slopes.js";
import { expectClose } from "../fixture.js";
import { randomTensor } from "../random-tensor.js";

const size = {
  imageSize: [4, 6],
  patchSize: 2,
  embedDim: 8,
  depth: 1,
  numHeads: 2,
  mlpDim: 16,
  decoderDepth: 1,
} as const;
const latitudeWeights = [0.5, 1.5, 1.5, 0.5];

/** Three channels, of which the model predicts the third and the first. */
function build(overrides: Partial<ForecasterOverrides> = {}): Forecaster {
  const config = forecasterConfig("tiny", { ...size, inChannels: 3, targets: [2, 0], ...overrides });
  return initialize(new Forecaster(config), [["**", normal(0.3)]], 3);
}

const values = async (x: Tensor) => Float32Array.from(await x.data());
const channel = (x: Tensor, index: number) => slice(x, [0, index, 0, 0], [-1, 1, -1, -1]);

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test("a residual forecaster starts as persistence of its targets, in their order", async () => {
      const config = forecasterConfig("tiny", { ...size, inChannels: 3, targets: [2, 0], residualScale: [0.5, 2] });
      const model = makeForecaster(config, { seed: 1 });
      const images = randomTensor([2, 3, 4, 6], "images");
      const now = concat([channel(images, 2), channel(images, 0)], 1);
      await expectClose(model.forward(images, { leadTimeHours: [6, 240] }), await values(now), 1e-6);
    });

    test("a residual is the network's output in units of its scale, added to what is now", async () => {
      const [direct, residual] = [build(), build({ residualScale: [0.5, 2] })];
      await residual.loadStateDict(direct.stateDict());
      const images = randomTensor([1, 3, 4, 6], "images");
      const [y, now] = [await values(direct.forward(images, { leadTimeHours: [24] })), await values(images)];
      const expected = y.map((value, i) => (i < 24 ? now[48 + i]! + 0.5 * value : now[i - 24]! + 2 * value));
      await expectClose(residual.forward(images, { leadTimeHours: [24] }), expected, 1e-6);
    });

    test("lead times of one batch may differ, and each image has its own", async () => {
      const model = build();
      const images = randomTensor([2, 3, 4, 6], "images");
      const both = model.forward(images, { leadTimeHours: [6, 120] });
      for (const [index, hours] of [6, 120].entries()) {
        const alone = model.forward(slice(images, [index, 0, 0, 0], [1, -1, -1, -1]), { leadTimeHours: [hours] });
        await expectClose(alone, await values(slice(both, [index, 0, 0, 0], [1, -1, -1, -1])), 1e-5);
      }
    });

    test("a rollout feeds predictions back and takes the other channels from its forcings", async () => {
      const model = build();
      const images = randomTensor([1, 3, 4, 6], "images");
      const forcings = (step: number) => randomTensor([1, 1, 4, 6], "forcing", step);
      const found = rollout(model, images, { steps: 3, stepHours: 6, forcings });
      let state = images;
      for (let step = 0; step < 3; step++) {
        const y = model.forward(state, { leadTimeHours: [6] });
        expect(await values(found[step] as Tensor)).toEqual(await values(y)); // bit by bit
        state = concat([channel(y, 1), forcings(step + 1), channel(y, 0)], 1);
      }
      const kept = rollout(model, images, { steps: 2, stepHours: 6 });
      const [first] = kept as [Tensor];
      const carried = concat([channel(first, 1), channel(images, 1), channel(first, 0)], 1);
      expect(await values(kept[1] as Tensor)).toEqual(await values(model.forward(carried, { leadTimeHours: [6] })));
    });

    test("steps one by one are the same numbers, twice, in the memory of one", async () => {
      const model = build();
      const images = randomTensor([1, 3, 4, 6], "images");
      const expected = rollout(model, images, { steps: 4, stepHours: 6 });
      for (let repetition = 0; repetition < 2; repetition++) {
        const before = memory().numTensors;
        let step = 0;
        for (const prediction of rolloutSteps(model, images, { steps: 4, stepHours: 6 })) {
          expect(await values(prediction)).toEqual(await values(expected[step++] as Tensor));
          prediction.dispose();
          expect(memory().numTensors - before).toBe(1); // the state
        }
        expect(step).toBe(4);
        expect(memory().numTensors).toBe(before);
      }
    });

    test.skipIf(backend === "wasm")("gradients go through all steps of a rollout", () => {
      const model = build({ residualScale: [0.5, 0.5] });
      const images = randomTensor([1, 3, 4, 6], "images");
      const targets = [1, 2].map((step) => randomTensor([1, 2, 4, 6], "target", step));
      const options = { stepHours: 6, latitudeWeights, variableWeights: [1, 0.5] };
      checkSlopes(model, () => rolloutLoss(model, images, targets, options));
      model.dispose();
    });

    test("a rollout of one step has the loss of one forecast", async () => {
      const model = build();
      const [images, target] = [randomTensor([2, 3, 4, 6], "images"), randomTensor([2, 2, 4, 6], "target")];
      const one = forecastLoss(model, images, target, { leadTimeHours: [6, 6], latitudeWeights });
      await expectClose(
        rolloutLoss(model, images, [target], { stepHours: 6, latitudeWeights }),
        await values(one),
        1e-6,
      );
    });

    test.skipIf(backend === "wasm")("an ensemble of latent and input noise trains on its CRPS", () => {
      const model = build({ noiseDim: 3 });
      const [images, target] = [randomTensor([1, 3, 4, 6], "images"), randomTensor([1, 2, 4, 6], "target")];
      const ensemble = { members: 3, seed: 1, draw: 7, inputNoise: [0.5, 0, 0.1] };
      const loss = () => ensembleLoss(model, images, target, { ...ensemble, leadTimeHours: [24], latitudeWeights });
      const { value, gradients } = valueAndGrad(
        loss as () => Scalar,
        model.namedParameters().map(([, { variable }]) => variable),
      );
      // The score has kinks where members cross, so its slope is checked where few do: along all parameters at once.
      expect(tidy(() => loss().dataSync()[0])).toBe(value.dataSync()[0]);
      expect(gradients.every((gradient) => gradient?.dataSync().every(Number.isFinite))).toBe(true);
      const noiseAt = model.namedParameters().findIndex(([path]) => path === "noise_embed.weight");
      expect(Math.max(...(gradients[noiseAt]?.dataSync() ?? [0]).map(Math.abs))).toBeGreaterThan(1e-4);
    });

    test("the members' inputs depend on seed and draw alone, and channels without noise stay", async () => {
      const model = build({ noiseDim: 3 });
      const images = randomTensor([2, 3, 4, 6], "images");
      const make = (draw: number) =>
        ensembleInputs(model, images, { members: 2, seed: 4, draw, inputNoise: [0.5, 0, 0.1] });
      const [first, again, other] = [make(1), make(1), make(2)];
      expect(first.images.shape).toEqual([4, 3, 4, 6]);
      expect(await values(first.images)).toEqual(await values(again.images));
      expect(await values(first.noise as Tensor)).toEqual(await values(again.noise as Tensor));
      expect(await values(first.noise as Tensor)).not.toEqual(await values(other.noise as Tensor));
      const still = channel(first.images, 1);
      expect(await values(slice(still, [0, 0, 0, 0], [2, -1, -1, -1]))).toEqual(await values(channel(images, 1)));
      expect(await values(slice(still, [2, 0, 0, 0], [2, -1, -1, -1]))).toEqual(await values(channel(images, 1)));
    });
  });

test("what doesn't fit is named", async () => {
  await backends[0]!.use();
  const make = (overrides: object) => () => forecasterConfig("tiny", { ...size, inChannels: 3, ...overrides });
  expect(make({ targets: [0, 3] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: forecasterConfig: expected targets among the channels 0 to 2, each once, got 3.]`,
  );
  expect(make({ targets: [1, 1] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: forecasterConfig: expected targets among the channels 0 to 2, each once, got 1.]`,
  );
  expect(make({ targets: [] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelVitConfig: expected outChannels to be a positive whole number, got 0.]`,
  );
  expect(make({ targets: [1], residualScale: [1, 1] })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: forecasterConfig: expected 1 values of residualScale, got 2.]`,
  );
  const model = build();
  const images = randomTensor([1, 3, 4, 6], "images");
  const steps = (options: object) => () => rollout(model, images, { steps: 2, stepHours: 6, ...options });
  expect(steps({ steps: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: rollout: expected steps to be a positive whole number, got 0.]`,
  );
  expect(steps({ forcings: () => randomTensor([1, 2, 4, 6], "forcings") })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: rollout: expected forcings [1, 1, 4, 6], got [1, 2, 4, 6].]`,
  );
  const ensemble = (options: object) => () =>
    ensembleInputs(model, images, { members: 2, seed: 0, draw: 0, ...options });
  expect(ensemble({})).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: ensemble: expected inputNoise, or a model with noiseDim, got neither.]`,
  );
  expect(ensemble({ members: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: ensemble: expected at least 2 members, got 1.]`,
  );
  expect(ensemble({ inputNoise: [1, 2] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: ensemble: expected inputNoise of 3 numbers of at least 0, got [1, 2].]`,
  );
  expect(() => rolloutLoss(model, images, [], { stepHours: 6, latitudeWeights })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: rolloutLoss: expected targets of at least one step, got none.]`,
  );
});
