import { applyRecompute } from "@graticule/nn";
import {
  concat,
  mul,
  type Scalar,
  slice,
  square,
  sum,
  type Tensor,
  tensor,
  tidy,
  unstack,
} from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { mapWeights, siglipVision, VisionTower, visionConfig, visionPositions } from "../../src/index.js";
import { backends } from "../backends.js";
import { checkSlopes } from "../check-slopes.js";
import { expectClose, type Fixture, openFixture } from "../fixture.js";
import { randomTensor } from "../random-tensor.js";

// float32 against float32, sums in another order.
const TOLERANCE = 1e-5;

async function openTower(): Promise<{ fixture: Fixture<{ config: unknown }>; tower: VisionTower }> {
  const fixture = await openFixture<{ config: unknown }>("siglip");
  const tower = new VisionTower(visionConfig(fixture.metadata.config));
  await tower.loadStateDict(mapWeights(fixture.weights, siglipVision));
  return { fixture, tower };
}

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test("a tower of SigLIP's weights gives transformers' tokens at its own size", async () => {
      const { fixture, tower } = await openTower();
      const { tokens, grids } = tower.forward(unstack(await fixture.tensor("native")));
      expect(grids).toEqual([
        [4, 4],
        [4, 4],
      ]);
      await expectClose(tokens, await fixture.values("native.tokens"), TOLERANCE);
      tower.dispose();
    });

    test("images of different sizes in one batch give what each gives alone", async () => {
      const { fixture, tower } = await openTower();
      const images: Tensor[] = [];
      for (const index of [0, 1, 2]) images.push(await fixture.tensor(`image.${index}`));
      const { tokens, grids } = tower.forward(images);
      expect(grids).toEqual([
        [2, 5],
        [6, 3],
        [1, 1],
      ]);
      for (const [index, [rows, columns]] of grids.entries()) {
        const own = slice(tokens, [index, 0, 0], [1, rows * columns, -1]);
        await expectClose(own, await fixture.values(`tokens.${index}`), TOLERANCE);
      }
      tower.dispose();
    });
  });

describe("its gradient", () => {
  beforeAll(async () => backends[0]!.use());

  test.each([false, true])(
    "is that of finite differences, with padding and positions that several patches take; recompute: %s",
    async (isRecomputed) => {
      const { tower } = await openTower();
      if (isRecomputed) applyRecompute(tower, "blocks.*");
      const images = [randomTensor([3, 10, 25], "a"), randomTensor([3, 30, 15], "b")];
      checkSlopes(tower, () =>
        tidy(() => {
          const { tokens, grids } = tower.forward(images);
          const own = grids.map(([rows, columns], at) => slice(tokens, [at, 0, 0], [1, rows * columns, -1]));
          return sum(
            square(
              concat(
                own.map((each) => mul(each, 0.1)),
                1,
              ),
            ),
          ) as Scalar;
        }),
      );
      tower.dispose();
    },
  );
});

test("positions are those of the same place of the image, as transformers' MiniCPM-V has them", async () => {
  const fixture = await openFixture("siglip");
  for (const count of [3, 32, 36, 69, 71])
    expect([...visionPositions([1, count], 70)]).toEqual([...(await fixture.values(`positions.${count}`))]);
  expect([...visionPositions([2, 3], 4)]).toEqual([0, 1, 2, 8, 9, 10]);
});

test("an image that patches don't divide is refused", async () => {
  const { tower } = await openTower();
  expect(() => tower.forward([tensor(new Float32Array(3 * 5 * 7), [3, 5, 7])])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: VisionTower: expected images [3, H, W] of sides divisible by 5, got [3, 5, 7]. Resize it by sliceSizes first.]`,
  );
  tower.dispose();
});
