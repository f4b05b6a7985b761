import { describe, expect, it } from "vitest";
import { globalRegion, latitudeWeights, regionCells, weatherBench2Regions } from "../../src/index.js";
import { reference } from "./reference.js";

const cellCenters = (rows: number) => Array.from({ length: rows }, (_, row) => -90 + (180 * (row + 0.5)) / rows);

describe("latitudeWeights", () => {
  it("equals NumPy on rows that end at the poles and fall", () => {
    for (const kind of ["cosine", "cell-area"] as const)
      latitudeWeights(reference.latitudes, kind).forEach((weight, row) => {
        expect(weight).toBeCloseTo(reference.weights[kind][row] as number, 12);
      });
  });

  it("has the closed forms of cell-centered grids", () => {
    // Σ cos over n cell centers is 1 / sin(π/2n); the areas of n such rows are 2 sin(π/2n) cos φ, whose mean is 2/n.
    const rows = cellCenters(32);
    const half = Math.PI / 64;
    const [cosine, area] = [latitudeWeights(rows, "cosine"), latitudeWeights(rows, "cell-area")];
    rows.forEach((latitude, row) => {
      const closed = 32 * Math.sin(half) * Math.cos((latitude * Math.PI) / 180);
      expect(cosine[row]).toBeCloseTo(closed, 12);
      expect(area[row]).toBeCloseTo(closed, 12);
    });
  });

  it("gives rows at the poles half a row's cap by area, and nothing by cosine", () => {
    const rows = [90, 45, 0, -45, -90];
    const cap = 1 - Math.sin((67.5 * Math.PI) / 180); // of 2 in all
    expect(latitudeWeights(rows, "cell-area")[0]).toBeCloseTo((5 * cap) / 2, 12);
    expect(latitudeWeights(rows, "cosine")[0]).toBeCloseTo(0, 12);
  });

  it("keeps a regional grid's outer rows as high as the others", () => {
    const weights = latitudeWeights([50, 51, 52], "cell-area");
    const area = (south: number) => Math.sin(((south + 1) * Math.PI) / 180) - Math.sin((south * Math.PI) / 180);
    expect((weights[2] as number) / (weights[0] as number)).toBeCloseTo(area(51.5) / area(49.5), 12);
  });

  it("says what is wrong with latitudes", () => {
    expect(() => latitudeWeights([10, 20, 20], "cosine")).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: latitudeWeights: expected one or more latitudes from -90 to 90, all rising or all falling, got 20 among them.]`,
    );
    expect(() => latitudeWeights([10], "cell-area")).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: latitudeWeights: expected two or more latitudes from -90 to 90, all rising or all falling, got 1.]`,
    );
  });
});

describe("regionCells", () => {
  const grid = { latitudes: cellCenters(36), longitudes: Array.from({ length: 72 }, (_, column) => column * 5) };
  const columnsOf = (name: string) => {
    const region = weatherBench2Regions.find((one) => one.name === name);
    if (region === undefined) throw new Error(name);
    return [...new Set(Array.from(regionCells(region, grid), (cell) => (cell % 72) * 5))].sort((a, b) => a - b);
  };

  it("takes the edges in, and goes through Greenwich", () => {
    expect(columnsOf("europe")).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 350, 355]);
    expect(columnsOf("north-america")).toEqual([240, 245, 250, 255, 260, 265, 270, 275, 280, 285]);
  });

  it("splits the Earth into tropics and both extratropics", () => {
    const count = (name: string) =>
      regionCells(weatherBench2Regions.find((one) => one.name === name) ?? globalRegion, grid).length;
    expect(count("global")).toBe(36 * 72);
    expect(count("tropics")).toBe(8 * 72);
    expect(count("extra-tropics")).toBe(28 * 72);
    expect(count("northern-hemisphere") + count("southern-hemisphere")).toBe(28 * 72);
  });

  it("knows longitudes from -180 to 180", () => {
    const west = { latitudes: [50, 40], longitudes: [-20, -10, 0, 10, 60] };
    const europe = weatherBench2Regions[5] ?? globalRegion;
    expect([...regionCells(europe, west)]).toEqual([1, 2, 3, 6, 7, 8]);
  });

  it("says where a grid has no cell", () => {
    expect(() =>
      regionCells(weatherBench2Regions[11] ?? globalRegion, { latitudes: [10, 20], longitudes: [0, 1] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: region 'arctic': expected a cell of the grid inside, got none. Leave the region out, or mend its boxes.]`,
    );
  });
});
