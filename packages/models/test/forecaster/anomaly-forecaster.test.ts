import { initialize, normal } from "@graticule/nn";
import { add, cast, concat, greater, ones, slice, type Tensor, tensor4d } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type AnomalyBase,
  AnomalyForecaster,
  type AnomalyForecasterConfig,
  channelVitConfig,
  makeAnomalyForecaster,
} from "../../src/index.js";
import { backends } from "../backends.js";
import { checkSlopes } from "../check-slopes.js";
import { expectClose } from "../fixture.js";
import { randomTensor } from "../random-tensor.js";

const size = { imageSize: [4, 6], patchSize: 2, embedDim: 8, depth: 1, numHeads: 2, mlpDim: 16 } as const;
const pixels = 24;

/** Two states of two channels, now and 6 hours ago, and one more channel; the second channel is predicted. */
function config(overrides: Partial<AnomalyForecasterConfig> = {}): AnomalyForecasterConfig {
  return {
    ...channelVitConfig("tiny", { ...size, inChannels: 5, outChannels: 1, decoderDepth: 1 }),
    stateHours: [0, 6],
    stateChannels: 2,
    targets: [1],
    hoursOfDay: [0, 6, 12, 18],
    leadTimesHours: [6, 24],
    numNetworks: 1,
    ...overrides,
  };
}

/** The mean of channel c at place k among the hours of the day is step·k + c everywhere. */
const base = (step = 10): AnomalyBase => ({
  climatology: Float32Array.from(
    { length: 4 * 2 * pixels },
    (_, i) => step * Math.floor(i / (2 * pixels)) + (Math.floor(i / pixels) % 2),
  ),
  persistence: Float32Array.of(0.8, 0.4),
  scale: Float32Array.of(1, 3),
});

const values = async (x: Tensor) => Float32Array.from(await x.data());

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test("untrained it is climatology plus what remains of the anomaly, in numbers worked by hand", async () => {
      const model = makeAnomalyForecaster(config(), base(), { seed: 1 });
      const images = tensor4d(
        Float32Array.from({ length: 2 * 5 * pixels }, (_, i) => (Math.floor(i / pixels) % 5 === 1 ? 7 : 2)),
        [2, 5, 4, 6],
      );
      const options = { startHours: [6, 24], leadTimeHours: [6, 15] };
      // From 6 to 12 h: 21 + 0.8 · (7 − 11). From 0 h, 15 h on, is 15 o'clock, which the climatology doesn't know.
      expect(() => model.forward(images, options)).toThrowErrorMatchingInlineSnapshot(
        `[RangeError: anomalyForecaster: expected an hour of the day among 0, 6, 12, 18, got 15.]`,
      );
      // From 0 to 18 h: persistence between those of 6 and 24 hours, 0.8 − 12 / 18 · 0.4; 31 + 0.533 · (7 − 1).
      const found = await values(model.forward(images, { ...options, leadTimeHours: [6, 18] }));
      const expected = Float32Array.from({ length: 2 * pixels }, (_, i) => (i < pixels ? 21 - 3.2 : 31 + 3.2));
      await expectClose(tensor4d(found, [2, 1, 4, 6]), expected, 1e-6);
      await expectClose(model.base(images, { ...options, leadTimeHours: [6, 18] }), found, 1e-6);
    });

    test("beyond the known lead times those at the ends serve", async () => {
      const model = makeAnomalyForecaster(config(), base(), { seed: 1 });
      const images = randomTensor([1, 5, 4, 6], "images");
      const now = await values(slice(images, [0, 1, 0, 0], [1, 1, 4, 6]));
      for (const [lead, persistence] of [
        [0, 0.8],
        [240, 0.4],
      ] as const)
        await expectClose(
          model.base(images, { startHours: [0], leadTimeHours: [lead] }),
          now.map((value) => 1 + persistence * (value - 1)),
          1e-6,
        );
    });

    test("the globe turned before the network is turned back after it", async () => {
      const model = makeAnomalyForecaster(config(), base(), { seed: 1 });
      initialize(model.networks[0]!, [["**", normal(0.3)]], 5);
      const images = randomTensor([1, 5, 4, 6], "images");
      const turned = concat([slice(images, [0, 0, 0, 2], [1, 5, 4, 4]), slice(images, [0, 0, 0, 0], [1, 5, 4, 2])], 3);
      const options = { startHours: [12], leadTimeHours: [6] };
      const expected = await values(model.forward(turned, options));
      const found = model.forward(images, { ...options, turn: 2 });
      const turnedFound = concat(
        [slice(found, [0, 0, 0, 2], [1, 1, 4, 4]), slice(found, [0, 0, 0, 0], [1, 1, 4, 2])],
        3,
      );
      await expectClose(turnedFound, expected, 1e-5);
      await expectClose(model.forward(images, { ...options, turn: -4 }), await values(found), 1e-6);
    });

    test("its loss is the error in units of the scale where values are known", async () => {
      const model = makeAnomalyForecaster(config(), base(), { seed: 1 });
      const images = randomTensor([1, 5, 4, 6], "images");
      const options = { startHours: [0], leadTimeHours: [24], latitudeWeights: [1, 1, 1, 1] };
      const targets = add(model.base(images, options), 6);
      const mask = cast(greater(randomTensor([1, 1, 4, 6], "mask"), 0), "float32");
      const known = (await values(mask)).reduce((sum, value) => sum + value, 0);
      await expectClose(
        model.loss(images, targets, mask, options),
        Float32Array.of((4 * known) / pixels), // (6 / 3)² where known
        1e-5,
      );
    });

    test("several networks start apart; their mean is the forecast, and in training each has its own error", async () => {
      const one = makeAnomalyForecaster(config(), base(), { seed: 1 });
      const model = makeAnomalyForecaster(config({ numNetworks: 2 }), base(), { seed: 1 });
      const paths = [...model.stateDict().keys()];
      expect(paths.filter((path) => path.endsWith("pos_embed"))).toEqual([
        "networks.0.pos_embed",
        "networks.1.pos_embed",
      ]);
      for (const [path, variable] of one.stateDict())
        await expectClose(model.stateDict().get(path)!, Float32Array.from(await variable.data()), 1e-12);
      const query = (network: number) => values(model.stateDict().get(`networks.${network}.blocks.0.attn.qkv.weight`)!);
      expect(await query(1)).not.toEqual(await query(0));

      const images = randomTensor([1, 5, 4, 6], "images");
      const options = { startHours: [0], leadTimeHours: [24], latitudeWeights: [1, 1, 1, 1] };
      // Outputs are the last layer's bias: 1 and 2, that is 3 and 6 in units of the scale.
      for (const [at, network] of model.networks.entries()) {
        const bias = network.head.at(-1)!.bias!;
        bias.assign(new Float32Array(bias.size).fill(at + 1));
      }
      const plain = model.base(images, options);
      await expectClose(model.forward(images, options), await values(add(plain, 4.5)), 1e-5);
      const targets = add(plain, 6);
      const mask = ones([1, 1, 4, 6]);
      await expectClose(model.loss(images, targets, mask, options), Float32Array.of(0.25), 1e-5); // (1.5 / 3)²
      const training = model.loss(images, targets, mask, { ...options, training: true });
      await expectClose(training, Float32Array.of((1 + 0) / 2), 1e-5);

      // Gates of 0.5 at 6 h and 0 at 24 h: a third of the way, 12 h, they are 1/3, and scales of 1 and 3 are 5/3.
      model.gate.assign(Float32Array.of(0.5, 0));
      await expectClose(model.forward(images, options), await values(plain), 1e-6);
      await expectClose(model.loss(images, targets, mask, options), Float32Array.of(4), 1e-5); // (6 / 3)²
      const between = { ...options, leadTimeHours: [12] };
      const partly = add(model.base(images, between), (1.5 * (5 / 3)) / 3);
      await expectClose(model.forward(images, between), await values(partly), 1e-5);
    });

    test.skipIf(backend === "wasm")("the loss changes along random directions as its gradient says", () => {
      // Anomalies near 1, so that the rounding of the loss stays below what is compared.
      const model = makeAnomalyForecaster(config(), base(0.1), { seed: 1 });
      initialize(model.networks[0]!, [["**", normal(0.4)]], 3);
      const [images, targets] = [randomTensor([2, 5, 4, 6], "images"), randomTensor([2, 1, 4, 6], "targets")];
      const options = { startHours: [0, 6], leadTimeHours: [6, 24], latitudeWeights: [0.5, 1.5, 1.5, 0.5], turn: 3 };
      checkSlopes(model.networks[0]!, () => model.loss(images, targets, ones([2, 1, 4, 6]), options));
      model.dispose();
    });
  });

test("what doesn't fit is named", async () => {
  await backends[0]!.use();
  const make = (overrides: Partial<AnomalyForecasterConfig>) => () => new AnomalyForecaster(config(overrides));
  expect(make({ stateHours: [6] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: anomalyForecaster: expected stateHours from 0 on, of at most 5 channels, got 6.]`,
  );
  expect(make({ stateHours: [0, 6, 12] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: anomalyForecaster: expected stateHours from 0 on, of at most 5 channels, got 0, 6, 12.]`,
  );
  expect(make({ targets: [2] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: anomalyForecaster: expected 1 targets below 2, got [2].]`,
  );
  expect(make({ targets: [0, 1] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: anomalyForecaster: expected 1 targets below 2, got [0, 1].]`,
  );
  expect(make({ hoursOfDay: [] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: anomalyForecaster: expected hours of the day and lead times, got none.]`,
  );
  const model = makeAnomalyForecaster(config(), base(), { seed: 1 });
  expect(() =>
    model.forward(randomTensor([2, 5, 4, 6], "images"), { startHours: [0], leadTimeHours: [6, 6] }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: anomalyForecaster: expected 2 starts and lead times, got 1 and 2.]`,
  );
});
