import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { makeTemporaryFolder, type SparseFile } from "../../../tooling/test/temporary-folder.js";
import { openDataset } from "../src/index.js";
import { fixturePath } from "./expected.js";

const folder = makeTemporaryFolder();
const files = JSON.parse(readFileSync(fixturePath("large-files.json"), "utf8")) as Record<string, SparseFile>;
const LAST = 1299;

test.each([
  ["offset.nc", "plain"],
  ["cdf5.nc", "plain"],
  ["netcdf4.nc", "plain"],
  ["netcdf4.nc", "packed"],
])("boxes of a variable of 5.4 GB in %s (%s) take the memory of the boxes", async (name, variableName) => {
  const dataset = await openDataset(folder.writeSparse(name, files[name] as SparseFile), { cacheBytes: 2 ** 20 });
  const variable = dataset.variables.get(variableName);
  expect(variable?.shape).toEqual([1300, 721, 1440]);
  const before = process.memoryUsage.rss();
  const box = await variable?.read({
    time: { start: 0, stop: 1300, step: LAST },
    y: { start: 700, stop: 703, step: 2 },
    x: { start: 1400, stop: 1405 },
  });
  const expected = [0, LAST].flatMap((time) =>
    [700, 702].flatMap((y) => [1400, 1401, 1402, 1403, 1404].map((x) => 1000 * y + x + time)),
  );
  expect([...(box?.data ?? [])]).toEqual(expected);
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 26);
  await dataset.close();
});
