import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeStatisticsCollector } from "@graticule/data";
import { describe, expect, test } from "vitest";
import { type Cube, emptyBands, openCube, openCubeCrops, usableBands } from "../src/index.js";

const root = fileURLToPath(new URL("../../../../shared/data/hyperspectral/", import.meta.url));
const present = existsSync(root);
const reason = present ? "" : " (skipped: no ../shared/data beside the repository)";
/** What numpy, scipy and tifffile read: tooling/fixtures/make-hyperspectral-fixtures.py. */
const facts = JSON.parse(readFileSync(new URL("fixtures/real-files.json", import.meta.url), "utf8"));

const readAll = ({ height, width, readWindow }: Cube): Promise<Float32Array> =>
  readWindow({ row: 0, column: 0, height, width });

describe.skipIf(!present)(`real cubes${reason}`, () => {
  test.each([
    ["corn", "plantcv_corn/corn-kernel-hyperspectral.hdr", {}, [580, 31, 43], { row: 20, column: 40, bands: [300] }],
    ["gamsberg", "gamsberg_envi/cubus_gamsberg_subset", {}, [189, 25, 10], { row: 20, column: 7, bands: [100] }],
    ["salton", "salton_sea/salton_sea_roi.mat", { variable: "I" }, [224, 51, 56], { row: 20, column: 30, bands: [50] }],
    [
      "samson",
      "samson/samson_dataset.mat",
      { variable: "Y", shape: [95, 95] as const },
      [156, 95, 95],
      { row: 20, column: 30, bands: [77] },
    ],
  ] as const)("%s has the values that Python reads", async (name, file, options, shape, place) => {
    const cube = await openCube(join(root, file), options);
    expect([cube.bands, cube.height, cube.width]).toEqual(shape);
    const collector = makeStatisticsCollector(1);
    collector.add(await readAll(cube));
    const [statistics] = collector.result();
    expect(statistics?.count).toBe(facts[name].count);
    expect(statistics?.mean).toBeCloseTo(facts[name].mean, 6);
    expect((statistics?.std as number) / facts[name].std).toBeCloseTo(1, 6); // float32 values against float64
    const [pixel] = await cube.readWindow({ ...place, height: 1, width: 1 });
    expect(pixel).toBe(Math.fround(facts[name].pixel));
  });

  test("Salton Sea: 204 of 224 bands are good, and the bad ones are those without values", async () => {
    const cube = await openCube(join(root, "salton_sea/salton_sea_roi.mat"), { variable: "I" });
    expect(usableBands(cube)).toHaveLength(facts.salton.usable);
    expect(emptyBands(await readAll(cube), [224, 51, 56])).toEqual(cube.badBands);
    expect(cube.wavelengthsNm?.[0]).toBeCloseTo(365.9137, 4);
  });

  test("EnMAP tiles: 218 usable bands in reflectance, labels as counted, crops over all bands", async () => {
    const tiles = readdirSync(join(root, "enmap_potsdam/images")).sort();
    const collector = makeStatisticsCollector(1);
    for (const tile of tiles) collector.add(await readAll(await openCube(join(root, "enmap_potsdam/images", tile))));
    const [statistics] = collector.result();
    expect(statistics?.count).toBe(facts.enmap.count);
    expect(statistics?.mean).toBeCloseTo(facts.enmap.mean, 6);
    expect(statistics?.std).toBeCloseTo(facts.enmap.std, 6);

    const cubes = tiles.map((tile) => ({
      path: join(root, "enmap_potsdam/images", tile),
      labels: join(root, "enmap_potsdam/labels", tile),
    }));
    const crops = await openCubeCrops({ cubes, cropSize: [1, 1], ignoreLabel: 0 });
    expect(crops.bands).toHaveLength(facts.enmap.usable);
    expect(crops.labelValues).toEqual([1, 2, 3, 4, 5, 6]);
    const [, ...labelled] = facts.enmap.labels as number[];
    expect(crops.length).toBe(labelled.reduce((sum, count) => sum + count, 0));
    expect(crops.schema[0]).toEqual({ name: "band 1 (418.24 Nanometers)", unit: "reflectance", wavelengthNm: 418.24 });
    const sample = await crops.read(0);
    expect(sample.pixels.every(Number.isFinite)).toBe(true);
    await crops.close();
  });
});
