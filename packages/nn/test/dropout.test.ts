import { valueAndGrad } from "@graticule/autodiff";
import { makeRandom } from "@graticule/core";
import { ones, type Scalar, slice, square, sum, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import {
  applyRecompute,
  type DropoutStreams,
  dropout,
  initialize,
  Module,
  normal,
  TransformerBlock,
} from "../src/index.js";
import { useCpuBackend } from "./cpu-backend.js";

beforeAll(useCpuBackend);

/** Streams of the images with these numbers in their data set. */
const streamsOf =
  (...indices: number[]): DropoutStreams =>
  (place, image) =>
    makeRandom(5, place, indices[image] as number);
const values = (x: Tensor) => [...x.dataSync()];

test("the part that is dropped is the rate, and what is kept makes up for it", () => {
  const count = 40_000;
  const found = values(dropout(ones([2, count]), { dropRate: 0.1 }, "place", streamsOf(0, 1)));
  expect(new Set(found)).toEqual(new Set([0, Math.fround(1 / 0.9)]));
  const dropped = found.filter((value) => value === 0).length / found.length;
  expect(Math.abs(dropped - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / (2 * count))); // four deviations
  // No value depends on its neighbour: both are dropped as often as by chance.
  const pairs = found.filter((value, at) => value === 0 && found[at + 1] === 0).length / found.length;
  expect(Math.abs(pairs - 0.01)).toBeLessThan(4 * Math.sqrt(0.01 / (2 * count)));
});

test("stochastic depth drops whole images at its rate, and dropout within the others", () => {
  const images = 4000;
  const numbers = Array.from({ length: images }, (_, index) => index);
  const x = dropout(ones([images, 6]), { dropRate: 0.5, dropPathRate: 0.25 }, "path", streamsOf(...numbers));
  const rows = numbers.map((image) => values(slice(x, [image, 0], [1, 6])));
  expect(new Set(rows.flat())).toEqual(new Set([0, Math.fround(1 / (0.5 * 0.75))]));
  const empty = rows.filter((row) => row.every((value) => value === 0)).length / images;
  expect(Math.abs(empty - (0.25 + 0.75 / 64))).toBeLessThan(4 * Math.sqrt(0.2 / images));
});

test("what an image loses depends on its number alone, not on its place in a batch", () => {
  const block = initialize(
    new TransformerBlock({ embedDim: 8, numHeads: 2, mlpDim: 16, dropRate: 0.2, dropPathRate: 0.3 }),
    [["**", normal(0.4)]],
    1,
  );
  const images = [7, 2, 9].map((index) => tensor(normal(1)([1, 3, 8], makeRandom(1, "x", index)), [1, 3, 8]));
  const stacked = tensor(
    images.flatMap((image) => values(image)),
    [3, 3, 8],
  );
  const together = values(block.forward(stacked, streamsOf(7, 2, 9)));
  const alone = [7, 2, 9].flatMap((index, at) => values(block.forward(images[at] as Tensor, streamsOf(index))));
  for (const [at, value] of alone.entries()) expect(value).toBeCloseTo(together[at] as number, 5);
  expect(values(block.forward(stacked))).not.toEqual(together);
});

test("a process that has some tokens or features drops of them what one process would", () => {
  const [rows, features] = [7, 300];
  const streams = streamsOf(3, 8);
  const rates = { dropRate: 0.2, dropPathRate: 0.1 };
  const whole = dropout(ones([2, rows, features]), rates, "place", streams);
  const part = (count: number, width: number, at: { firstRow?: number; firstFeature?: number }) =>
    values(dropout(ones([2, count, width]), rates, "place", streams, { ...at, features }));
  expect(part(3, features, { firstRow: 4 })).toEqual(values(slice(whole, [0, 4, 0], [2, 3, features])));
  expect(part(rows, 90, { firstFeature: 130 })).toEqual(values(slice(whole, [0, 0, 130], [2, rows, 90])));
  expect(part(2, 17, { firstRow: 5, firstFeature: 283 })).toEqual(values(slice(whole, [0, 5, 283], [2, 2, 17])));
});

test("a block drops behind attention, GELU and MLP; without streams or rates it drops nothing", () => {
  const asked: string[] = [];
  const streams: DropoutStreams = (place, image) => {
    asked.push(`${place} ${image}`);
    return makeRandom(0, place, image);
  };
  const build = (rates: object) =>
    initialize(new TransformerBlock({ embedDim: 8, numHeads: 2, mlpDim: 16, ...rates }), [["**", normal(0.4)]], 1);
  const x = tensor(normal(1)([1, 3, 8], makeRandom(1, "x")), [1, 3, 8]);
  const plain = values(build({}).forward(x));
  expect(values(build({ dropRate: 0.5 }).forward(x))).toEqual(plain);
  expect(values(build({}).forward(x, streams))).toEqual(plain);
  expect(asked).toEqual([]);
  build({ dropRate: 0.5 }).forward(x, streams);
  expect(asked).toEqual(["attn 0", "mlp.hidden 0", "mlp 0"]);
  // A block that is skipped passes its input on.
  const skipped = build({ dropPathRate: 0.999_999 }).forward(x, streams);
  expect(values(skipped)).toEqual(values(x));
});

test("a recomputed block drops in the backward pass what it dropped before", () => {
  class One extends Module {
    readonly block = new TransformerBlock({ embedDim: 8, numHeads: 2, mlpDim: 16, dropRate: 0.3, dropPathRate: 0.3 });
  }
  const x = tensor(normal(1)([4, 3, 8], makeRandom(1, "x")), [4, 3, 8]);
  const run = (model: One) => {
    const variables = model.namedParameters().map(([, parameter]) => parameter.variable);
    const loss = () => sum<Scalar>(square(model.block.forward(x, streamsOf(4, 5, 6, 7))));
    const { value, gradients } = valueAndGrad(loss, variables);
    return [values(value), ...gradients.map((gradient) => values(gradient as Tensor))];
  };
  const make = () => initialize(new One(), [["**", normal(0.4)]], 1);
  expect(run(applyRecompute(make(), "block"))).toEqual(run(make()));
});

test("a rate outside of [0, 1) is an error", () => {
  expect(
    () => new TransformerBlock({ embedDim: 8, numHeads: 2, mlpDim: 16, dropRate: 1 }),
  ).toThrowErrorMatchingInlineSnapshot(`[RangeError: TransformerBlock: expected dropRate from 0 to below 1, got 1.]`);
});
