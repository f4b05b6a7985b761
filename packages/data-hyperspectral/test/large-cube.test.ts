import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { makeTemporaryFolder, type SparseFile } from "../../../tooling/test/temporary-folder.js";
import { openCube } from "../src/index.js";

const folder = makeTemporaryFolder();
const [HEIGHT, WIDTH, BANDS] = [20_000, 1000, 200];

test.each([
  ["bsq", (row: number, column: number, band: number) => (band * HEIGHT + row) * WIDTH + column],
  ["bil", (row: number, column: number, band: number) => (row * BANDS + band) * WIDTH + column],
  ["bip", (row: number, column: number, band: number) => (row * WIDTH + column) * BANDS + band],
] as const)("windows of an 8 GB %s cube take the memory of the window alone", async (interleave, placeOf) => {
  const marked = { row: 19_990, column: 970, band: 150 };
  const value = deflateSync(Uint8Array.of(0x39, 0x30)).toString("base64");
  const path = folder.writeSparse(`large.${interleave}`, {
    bytes: HEIGHT * WIDTH * BANDS * 2,
    pieces: [[placeOf(marked.row, marked.column, marked.band) * 2, value]],
  });
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

test("windows of a 4.8 GB MATLAB v7.3 cube take the memory of the window alone", async () => {
  const text = readFileSync(new URL("fixtures/large-files.json", import.meta.url), "utf8");
  const { "v73.mat": file } = JSON.parse(text) as { "v73.mat": SparseFile };
  const cube = await openCube(folder.writeSparse("large.mat", file));
  expect([cube.height, cube.width, cube.bands]).toEqual([4000, 3000, 200]);
  const before = process.memoryUsage.rss();
  const pixels = await cube.readWindow({ row: 3990, column: 2990, height: 10, width: 10, bands: [199, 0, 198] });
  const at = (position: number, row: number, column: number): number => {
    const [r, c] = [row - 3996, column - 2997];
    return position === 1 || r < 0 || c < 0 ? 0 : 1000 * (position === 0 ? 1 : 0) + 10 * c + r;
  };
  const expected = [0, 1, 2].flatMap((position) =>
    Array.from({ length: 100 }, (_, pixel) => at(position, 3990 + Math.floor(pixel / 10), 2990 + (pixel % 10))),
  );
  expect([...pixels]).toEqual(expected);
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 26);
  await cube.close();
});
