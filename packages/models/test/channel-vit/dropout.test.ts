import { makeRandom } from "@graticule/core";
import { type DropoutStreams, initialize, normal } from "@graticule/nn";
import { concat, slice, type Tensor } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { channelVitConfig, Forecaster, forecasterConfig, hyperspectralMaeConfig, rollout } from "../../src/index.js";
import { backends } from "../backends.js";
import { expectClose } from "../fixture.js";
import { randomTensor } from "../random-tensor.js";

const size = { imageSize: [4, 6], patchSize: 2, embedDim: 8, depth: 3, numHeads: 2, mlpDim: 16 } as const;
const build = (rates: { dropRate?: number; dropPathRate?: number }) =>
  initialize(
    new Forecaster(forecasterConfig("tiny", { ...size, inChannels: 2, leadTime: false, ...rates })),
    [["**", normal(0.4)]],
    3,
  );
const streamsOf =
  (...indices: number[]): DropoutStreams =>
  (place, image) =>
    makeRandom(5, place, indices[image] as number);
const values = (x: Tensor) => [...x.dataSync()];

beforeAll(backends[0]!.use);

test("ClimaX and D-CHAG's runs drop as their sources say, other models nothing", () => {
  const rates = ({ dropRate, dropPathRate, normEpsilon }: ReturnType<typeof channelVitConfig>) => [
    ...[dropRate, dropPathRate, normEpsilon],
  ];
  expect(rates(channelVitConfig("climax", { inChannels: 48 }))).toEqual([0.1, 0.1, 1e-5]);
  expect(rates(channelVitConfig("era5", { inChannels: 84 }))).toEqual([0.1, 0, 1e-6]);
  expect(hyperspectralMaeConfig("hyperspectral", { inChannels: 500 }).dropRate).toBe(0.1);
  expect(rates(channelVitConfig("tiny", { inChannels: 3 }))).toEqual([0, 0, 1e-6]);
  expect(() => channelVitConfig("tiny", { inChannels: 3, dropPathRate: -0.1 })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelVitConfig: expected dropPathRate from 0 to below 1, got -0.1.]`,
  );
});

test("later blocks are skipped more, in even steps from never on", () => {
  expect(build({ dropPathRate: 0.2 }).blocks.map(({ rates }) => rates.dropPathRate)).toEqual([0, 0.1, 0.2]);
});

test("tokens and every block drop for training alone, each place by a stream of its own", async () => {
  const model = build({ dropRate: 0.2, dropPathRate: 0.2 });
  const images = randomTensor([1, 2, 4, 6], "images");
  const asked = new Set<string>();
  const dropped = model.forward(images, {
    dropout: (place, image) => {
      asked.add(place);
      return makeRandom(1, place, image);
    },
  });
  const ofBlock = (block: number) => ["attn", "mlp.hidden", "mlp"].map((place) => `blocks.${block}.${place}`);
  expect([...asked]).toEqual(["tokens", ...ofBlock(0), ...ofBlock(1), ...ofBlock(2)]);
  const plain = build({}).forward(images);
  expect(values(model.forward(images))).toEqual(values(plain));
  expect(values(dropped)).not.toEqual(values(plain));
});

test("an image's forecast in training is the same in any batch", async () => {
  const model = build({ dropRate: 0.2, dropPathRate: 0.5 });
  const [a, b] = [randomTensor([1, 2, 4, 6], "a"), randomTensor([1, 2, 4, 6], "b")];
  const together = model.forward(concat([a, b]), { dropout: streamsOf(11, 4) });
  const alone = values(model.forward(b, { dropout: streamsOf(4) }));
  await expectClose(slice(together, [1, 0, 0, 0], [1, 2, 4, 6]), Float32Array.from(alone), 1e-5);
});

test("each step of a rollout drops by streams of its own", async () => {
  const model = build({ dropRate: 0.3 });
  const images = randomTensor([1, 2, 4, 6], "images");
  const [, second] = rollout(model, images, {
    steps: 2,
    stepHours: 6,
    dropout: (step) => (place, image) => makeRandom(step, place, image),
  });
  const first = model.forward(images, { dropout: (place, image) => makeRandom(0, place, image) });
  const expected = values(model.forward(first, { dropout: (place, image) => makeRandom(1, place, image) }));
  await expectClose(second as Tensor, Float32Array.from(expected), 1e-5);
});
