import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openRaster } from "../src/index.js";
import { writeTiff } from "./write-tiff.js";

const folder = makeTemporaryFolder();
const [LONG, LONG8] = [4, 16];
const [WIDTH, HEIGHT, ROWS] = [50_000, 60_000, 8];

test.each([true, false])(
  "windows of a 6 GB BigTIFF take the memory of the window, little-endian: %s",
  async (littleEndian) => {
    const strips = HEIGHT / ROWS;
    const stripBytes = WIDTH * ROWS * 2;
    const start = 2 ** 20; // The directory fits before.
    const offsets = Array.from({ length: strips }, (_, strip) => start + strip * stripBytes);
    const head = writeTiff({
      width: 1,
      height: 1,
      bands: 1,
      bits: 16,
      littleEndian,
      big: true,
      pixels: [0],
      tags: {
        256: [LONG, [WIDTH]],
        257: [LONG, [HEIGHT]],
        273: [LONG8, offsets],
        278: [LONG, [ROWS]],
        279: [LONG, offsets.map(() => stripBytes)],
      },
    });
    const placeOf = (row: number, column: number): number => start + (row * WIDTH + column) * 2;
    const deflated = (bytes: Uint8Array): string => deflateSync(bytes).toString("base64");
    const value = Uint8Array.of(0x39, 0x30);
    const path = folder.writeSparse(`large-${littleEndian}.tif`, {
      bytes: start + strips * stripBytes,
      pieces: [
        [0, deflated(head)],
        [placeOf(59_990, 49_970), deflated(littleEndian ? value : value.reverse())],
      ],
    });
    const raster = await openRaster(path);
    const before = process.memoryUsage.rss();
    const pixels = await raster.readWindow({ row: 59_980, column: 49_960, height: 20, width: 40 });
    expect(pixels[10 * 40 + 10]).toBe(12345);
    expect(pixels.reduce((sum, pixel) => sum + pixel, 0)).toBe(12345);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 26);
    await raster.close();
  },
);
