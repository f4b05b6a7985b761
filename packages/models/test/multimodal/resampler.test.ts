import {
  concat,
  mul,
  type Scalar,
  square,
  sum,
  type Tensor,
  tensor,
  tidy,
  unstack,
  zeros,
} from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  cutSlices,
  imageTextWeights,
  mapWeights,
  type PatchGrid,
  Resampler,
  type SliceSizes,
  sliceSizes,
} from "../../src/index.js";
import { backends } from "../backends.js";
import { checkSlopes } from "../check-slopes.js";
import { expectClose, type Fixture, openFixture } from "../fixture.js";

// float32 against float32, sums in another order.
const TOLERANCE = 1e-5;

interface Metadata {
  readonly grids: readonly PatchGrid[];
  readonly slices: readonly ({ readonly size: [number, number] } & SliceSizes)[];
}

async function openResampler(): Promise<{ fixture: Fixture<Metadata>; resampler: Resampler; tokens: Tensor }> {
  const fixture = await openFixture<Metadata>("resampler");
  const resampler = new Resampler({ numQueries: 5, embedDim: 16, visionDim: 12, numHeads: 4 });
  const { weights } = fixture;
  const below = <T>(tensors: Iterable<[string, T]>) =>
    new Map(Array.from(tensors, ([name, entry]) => [`resampler.${name}`, entry] as const));
  const named = {
    tensors: below(weights.tensors),
    read: (name: string) => weights.read(name.slice("resampler.".length)),
  };
  const mapped = mapWeights(named, imageTextWeights);
  await resampler.loadStateDict({
    tensors: new Map(Array.from(mapped.tensors, ([name, entry]) => [name.slice("resampler.".length), entry])),
    read: (name) => mapped.read(`resampler.${name}`),
  });
  const rows: Tensor[] = [];
  for (const index of fixture.metadata.grids.keys()) {
    const own = await fixture.tensor(`tokens.${index}`);
    rows.push(concat([own, zeros([1, 70 - own.shape[1]!, 12])], 1));
  }
  return { fixture, resampler, tokens: concat(rows, 0) };
}

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test("images of different sizes in one batch give what the reference gives each alone", async () => {
      const { fixture, resampler, tokens } = await openResampler();
      const out = unstack(resampler.forward({ tokens, grids: fixture.metadata.grids }));
      for (const [index, each] of out.entries())
        await expectClose(each, await fixture.values(`out.${index}`), TOLERANCE);
      resampler.dispose();
    });
  });

describe("its gradient", () => {
  beforeAll(async () => backends[0]!.use());

  test("is that of finite differences", async () => {
    const { resampler, tokens, fixture } = await openResampler();
    const { grids } = fixture.metadata;
    checkSlopes(resampler, () => tidy(() => sum(square(mul(resampler.forward({ tokens, grids }), 0.1))) as Scalar));
    resampler.dispose();
  });

  test("tokens of another width are refused", async () => {
    const { resampler } = await openResampler();
    const tokens = zeros([1, 4, 8]);
    expect(() => resampler.forward({ tokens, grids: [[2, 2]] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Resampler: expected tokens [1, 4 or more, 12], got [1, 4, 8].]`,
    );
    resampler.dispose();
  });

  test("an image is cut row by row", () => {
    const image = tensor(
      Float32Array.from({ length: 24 }, (_, index) => index),
      [1, 4, 6],
    );
    const slices = cutSlices(image, [2, 3]);
    expect(slices.map((slice) => [...slice.dataSync()])).toEqual([
      [0, 1, 6, 7],
      [2, 3, 8, 9],
      [4, 5, 10, 11],
      [12, 13, 18, 19],
      [14, 15, 20, 21],
      [16, 17, 22, 23],
    ]);
    expect(() => cutSlices(image, [3, 3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: cutSlices: expected an image [C, H, W] that 3 × 3 slices divide, got [1, 4, 6]. Resize it to the size that sliceSizes gives.]`,
    );
  });
});

test("images are cut as transformers' MiniCPM-V cuts them", async () => {
  const { metadata } = await openFixture<Metadata>("resampler");
  for (const { size, overview, sliced } of metadata.slices)
    expect(sliceSizes(size), `${size}`).toEqual({ overview, sliced: sliced ?? undefined });
  expect(sliceSizes([1344, 1344])).toEqual({ overview: [448, 448], sliced: { size: [1344, 1344], grid: [3, 3] } });
});
