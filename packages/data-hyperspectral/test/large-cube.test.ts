import { closeSync, openSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCube } from "../src/index.js";
import { makeTemporaryFolder } from "./temporary-folder.js";

const folder = makeTemporaryFolder();
const [HEIGHT, WIDTH, BANDS] = [20_000, 1000, 200];

test.each([
  ["bsq", (row: number, column: number, band: number) => (band * HEIGHT + row) * WIDTH + column],
  ["bil", (row: number, column: number, band: number) => (row * BANDS + band) * WIDTH + column],
  ["bip", (row: number, column: number, band: number) => (row * WIDTH + column) * BANDS + band],
] as const)("windows of an 8 GB %s cube take the memory of the window alone", async (interleave, placeOf) => {
  const path = join(folder.path, `large.${interleave}`);
  const file = openSync(path, "w");
  truncateSync(path, HEIGHT * WIDTH * BANDS * 2); // sparse: a few blocks on disk
  const marked = { row: 19_990, column: 970, band: 150 };
  writeSync(file, Uint8Array.of(0x39, 0x30), 0, 2, placeOf(marked.row, marked.column, marked.band) * 2);
  closeSync(file);
  folder.write(
    `large.${interleave}.hdr`,
    `ENVI\nsamples = ${WIDTH}\nlines = ${HEIGHT}\nbands = ${BANDS}\ndata type = 12\ninterleave = ${interleave}\n`,
  );
  const cube = await openCube(path);
  const before = process.memoryUsage.rss();
  const pixels = await cube.readWindow({ row: 19_980, column: 960, height: 20, width: 40 });
  expect(pixels[(marked.band * 20 + 10) * 40 + 10]).toBe(12345);
  expect(pixels.reduce((sum, value) => sum + value, 0)).toBe(12345);
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 26);
});
