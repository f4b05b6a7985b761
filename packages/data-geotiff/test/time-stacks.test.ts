import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openTimeStacks } from "../src/index.js";
import { east, north, writeScene } from "./write-scenes.js";

const folder = makeTemporaryFolder();
const root = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const present = existsSync(root);
const reason = present ? "" : " (skipped: no ../shared/data beside the repository)";
const random = (length: number) => ({ kind: "random", length }) as const;

describe("time stacks", () => {
  test("give every day a place, NaN where a place lacks it, and bring shifted grids together", async () => {
    const at = (day: number) => (column: number, row: number) => 10_000 * day + 100 * row + column;
    const [width, height] = [24, 16];
    const here = { width, height, origin: [east, north] } as const;
    const there = { width, height, origin: [east + 9000, north] } as const;
    await writeScene(folder.path, "series/here_20200113.tif", here, at(1));
    await writeScene(folder.path, "series/here_2020-02-02.tif", here, at(2));
    // Five pixels to the east: the patch's first five columns are not there.
    await writeScene(folder.path, "series/here_2020060.tif", { ...here, origin: [east + 50, north] }, at(3));
    await writeScene(folder.path, "series/there_20200202.tif", there, at(4));
    const options = { scenes: join(folder.path, "series"), size: [8, 12], sampler: { kind: "grid" } } as const;
    const stacks = await openTimeStacks(options);
    expect(stacks.dates).toEqual(["2020-01-13", "2020-02-02", "2020-02-29"]);
    expect(stacks.schema.map(({ name }) => name)).toEqual(["2020-01-13/band1", "2020-02-02/band1", "2020-02-29/band1"]);
    expect(stacks.length).toBe(8);
    const { pixels, shape, arrays } = await stacks.read(0);
    expect(shape).toEqual([3, 8, 12]);
    expect(Array.from(arrays?.days?.data ?? [])).toEqual([0, 20, 47]);
    expect([0, 96, 192, 192 + 5, 192 + 12 + 6].map((place) => pixels[place])).toEqual([
      10_000,
      20_000,
      NaN,
      30_000,
      30_101,
    ]);
    const elsewhere = await stacks.read(4);
    expect([0, 96, 192].map((place) => elsewhere.pixels[place])).toEqual([NaN, 40_000, NaN]);
    const chosen = await openTimeStacks({ ...options, dates: ["2020-02-29", "2020-01-13"], sampler: random(3) });
    expect((await chosen.read(2, { seed: 5, epoch: 1 })).shape).toEqual([2, 8, 12]);
    await expect(openTimeStacks({ ...options, dates: ["2021-01-01"] })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: openTimeStacks: expected dates that some scene has, got '2021-01-01'.]`,
    );
  });

  test("read days by a pattern, and name a file without one", async () => {
    const path = await writeScene(
      folder.path,
      "odd/d31m12y99.tif",
      { width: 16, height: 16, origin: [east, north] },
      () => 0,
    );
    const options = { scenes: [path], size: [4, 4], sampler: { kind: "grid" } } as const;
    const error = await openTimeStacks(options).catch((caught: Error) => caught.message.replace(folder.path, ""));
    expect(error).toMatchInlineSnapshot(
      `"openTimeStacks: expected a day in the name or the DateTime of '/odd/d31m12y99.tif', got none. Give a datePattern such as "(?<year>\\\\d{4})(?<month>\\\\d\\\\d)(?<day>\\\\d\\\\d)"."`,
    );
    const datePattern = "d(?<day>\\d\\d)m(?<month>\\d\\d)y(?<year>\\d\\d)";
    await expect(openTimeStacks({ ...options, datePattern })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: openTimeStacks: expected datePattern to find year, month and day in 'd31m12y99.tif', got {"day":"31","month":"12","year":"99"} by d(?<day>\\d\\d)m(?<month>\\d\\d)y(?<year>\\d\\d).]`,
    );
    const named = await writeScene(
      folder.path,
      "odd/d31m12y1999.tif",
      { width: 16, height: 16, origin: [east, north] },
      () => 0,
    );
    const found = await openTimeStacks({
      ...options,
      scenes: [named],
      datePattern: datePattern.replace("(?<year>\\d\\d)", "(?<year>\\d{4})"),
    });
    expect(found.dates).toEqual(["1999-12-31"]);
  });

  test.skipIf(!present)(`two Landsat-7 scenes of one place${reason}`, async () => {
    const scenes = `${root}geotiff/landsat7_stack`;
    const options = { scenes, size: [64, 64], sampler: random(4), bands: [3, 4] } as const;
    const { dates, length, ...stacks } = await openTimeStacks({
      ...options,
      scenes: [`${scenes}/LE70220491999322EDC01_stack.gtif`, `${scenes}/LE70220492002106EDC00_stack.gtif`],
    });
    expect([dates, length]).toEqual([["1999-11-18", "2002-04-16"], 4]);
    const { shape, pixels } = await stacks.read(1, { seed: 3, epoch: 0 });
    expect(shape).toEqual([4, 64, 64]);
    expect(pixels.some(Number.isNaN)).toBe(false);
  });
});
