import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import {
  landsat7Path,
  landsat7Schema,
  makeSpectralLabeler,
  openImageFiles,
  openSceneTiles,
  SPECTRAL_CLASSES,
} from "../src/index.js";
import { writeTiff } from "./write-tiff.js";

const folder = makeTemporaryFolder();
const bands = { red: "red", nir: "nir", green: "green", swir1: "swir1" };
const schema = ["green", "red", "nir", "swir1"].map((name) => ({ name }));

test("a list of files is read in its order, broken ones named", async () => {
  const image = (value: number) => writeTiff({ width: 3, height: 2, bands: 2, pixels: new Array(12).fill(value) });
  const paths = [folder.write("broken.tif", "text"), folder.write("z.tif", image(1)), folder.write("a.tif", image(2))];
  const dataset = await openImageFiles({ paths, bands: [1] });
  expect([dataset.length, dataset.schema]).toEqual([3, [{ name: "band2" }]]);
  const samples = [await dataset.read(1), await dataset.read(2)];
  expect(samples.map(({ pixels, shape }) => [pixels[0], ...shape])).toEqual([
    [1, 1, 2, 3],
    [2, 1, 2, 3],
  ]);
  await expect(dataset.read(0)).rejects.toThrow(/broken\.tif/);
  await expect(openImageFiles({ paths: [] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: openImageFiles: expected at least one file, got none. Name some images.]`,
  );
});

test("a tile's weak label is the class of most of its pixels", () => {
  const label = makeSpectralLabeler(schema, bands);
  // Pixels as [green, red, nir, swir1]: water (MNDWI 0.5), vegetation (NDVI 0.6, MNDWI −0.2), bare (NDVI 0).
  const [water, green, bare] = [
    [30, 20, 10, 10],
    [20, 20, 80, 30],
    [30, 40, 40, 60],
  ];
  const tile = (...pixels: (number[] | undefined)[]) =>
    Float32Array.from({ length: 12 }, (_, index) => pixels[index % 3]?.[Math.floor(index / 3)] as number);
  expect([tile(water, bare, water), tile(green, green, water), tile(bare, bare, green)].map(label)).toEqual([0, 1, 2]);
  // NDVI 0.6 is vegetation no more.
  expect(makeSpectralLabeler(schema, { ...bands, vegetationNdvi: 0.7 })(tile(green, green, water))).toBe(2);
  expect(() => makeSpectralLabeler(schema.slice(0, 2), bands)).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: weak labels: expected a band among green, red or an index from 0 to 1, got "nir".]`,
  );
});

test("the scene that ships has tiles of every weak class", async () => {
  const options = { path: landsat7Path(), tileSize: [16, 16], schema: landsat7Schema, weakLabels: bands } as const;
  const tiles = await openSceneTiles(options);
  expect(tiles.classNames).toEqual(SPECTRAL_CLASSES);
  const counts = [0, 0, 0];
  for (let index = 0; index < tiles.length; index++) counts[(await tiles.read(index)).label as number]! += 1;
  expect(counts).toMatchInlineSnapshot(`
    [
      67,
      141,
      254,
    ]
  `);
});
