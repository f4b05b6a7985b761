import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { type GeoPatchesOptions, openGeoPatches } from "../src/index.js";
import { cornerOf, east, north, planeAt, writeScene, writeScenes } from "./write-scenes.js";

const folder = makeTemporaryFolder();
let { large, small, heights } = { large: "", small: "", heights: "" };
beforeAll(async () => {
  ({ large, small, heights } = await writeScenes(folder.path));
});

const random = (length: number) => ({ kind: "random", length }) as const;
const images = (): GeoPatchesOptions["layers"] => [{ name: "image", scenes: join(folder.path, "images") }];

describe("layers with their own grids", () => {
  const layers = (): GeoPatchesOptions["layers"] => [...images(), { name: "height", scenes: heights }];

  test("meet on the first one's pixels, where both are", async () => {
    const dataset = await openGeoPatches({ layers: layers(), size: [6, 8], sampler: random(40) });
    expect(dataset.schema.map(({ name }) => name)).toEqual(["image/band1", "height/band1"]);
    let compared = 0;
    for (let index = 0; index < 40; index++) {
      const { pixels } = await dataset.read(index);
      const [column, row] = cornerOf({ pixels });
      for (let at = 0; at < 48; at++) {
        const found = pixels[48 + at] as number;
        if (Number.isNaN(found)) continue;
        const [x, y] = [column + (at % 8) + 0.5, row + Math.floor(at / 8) + 0.5];
        // A pixel to the east changes the plane by 0.14; an eighth of that is allowed.
        expect(Math.abs(found - planeAt(east + 10 * x, north - 10 * y))).toBeLessThan(0.0175);
        compared += 1;
      }
      // The center is the corner of four pixels, of which the layer's edge may spare one.
      expect([19, 20, 27, 28].some((at) => !Number.isNaN(pixels[48 + at]))).toBe(true);
    }
    expect(compared).toBeGreaterThan(1500);
  });

  test("are NaN in a union where one of them is not", async () => {
    const beyond = await writeScene(
      folder.path,
      "beyond.tif",
      { width: 50, height: 50, origin: [east + 20_003, north], pixel: 20 },
      () => 5,
    );
    const dataset = await openGeoPatches({
      layers: [
        { name: "image", scenes: [large] },
        { name: "other", scenes: [beyond] },
      ],
      combine: "union",
      size: [10, 10],
      sampler: { kind: "grid" },
    });
    // 8 by 6 in the image's own grid; 1000 m at 10 m, from a corner that is not the grid's: 101 columns
    expect(dataset.length).toBe(48 + 11 * 10);
    const first = (await dataset.read(0)).pixels;
    expect([first[0], first[100]]).toEqual([0, NaN]);
    const last = (await dataset.read(100)).pixels;
    expect([last[0], last[150]]).toEqual([NaN, 5]);
  });

  test("are put together from the scenes that a patch touches", async () => {
    const value = (x: number) => (column: number, row: number) => x + column + 100 * row;
    const halves = [
      await writeScene(folder.path, "half-1.tif", { width: 13, height: 60, origin: [east, north] }, value(0)),
      await writeScene(folder.path, "half-2.tif", { width: 67, height: 60, origin: [east + 130, north] }, value(13)),
    ];
    const dataset = await openGeoPatches({
      layers: [...images(), { name: "halves", scenes: halves }],
      size: [4, 20],
      sampler: { kind: "grid" },
      region: [14, 40, 16, 60],
    });
    const { pixels } = await dataset.read(0);
    expect(pixels.subarray(80, 100)).toEqual(Float32Array.from({ length: 20 }, (_, column) => column));
    await expect(
      openGeoPatches({
        layers: [{ name: "x", scenes: [small] }, ...layers().slice(1)],
        size: [4, 4],
        sampler: random(1),
      }),
    ).rejects.toThrow(/expected room for patches of 4 by 4 pixels in 1 scenes, got none.*layers that overlap/);
  });

  test.each([
    [
      "two layers of one name",
      {
        layers: [
          { name: "a", scenes: "x" },
          { name: "a", scenes: "x" },
        ],
      },
    ],
    ["arrays only", { layers: [{ name: "a", scenes: "x", as: "array" }] }],
    ["an unknown sampler", { sampler: { kind: "spiral" } }],
    ["no length", { sampler: { kind: "random", length: 0 } }],
    ["a label layer that is not there", { sampler: { kind: "balanced", length: 1, layer: "b" } }],
    ["a size of nothing", { size: [0, 3] }],
  ])("%s is refused", async (_, wrong) => {
    const options = { layers: [{ name: "a", scenes: "x" }], size: [4, 4], sampler: random(1), ...wrong };
    await expect(openGeoPatches(options as unknown as GeoPatchesOptions)).rejects.toThrowErrorMatchingSnapshot();
  });
});
