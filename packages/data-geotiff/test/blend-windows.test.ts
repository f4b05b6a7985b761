import type { Box, Image } from "@graticule/data";
import { describe, expect, test } from "vitest";
import { makeStripBlender } from "../src/blending/strip-blender.js";
import { type BlendedStrip, type BlendWindowsOptions, blendWindows, windowsOf } from "../src/index.js";

/** A raster whose pixels are a function of their place; keeps the size of each read. */
function fakeRaster(width: number, height: number, pixel: (row: number, column: number, band: number) => number) {
  const readValues: number[] = [];
  async function readWindow({ row, column, height: rows, width: columns, bands = [0] }: Box & { bands?: unknown }) {
    const selected = bands as number[];
    readValues.push(selected.length * rows * columns);
    return Float32Array.from({ length: selected.length * rows * columns }, (_, at) => {
      const [x, y] = [at % columns, Math.floor(at / columns) % rows];
      return pixel(row + y, column + x, selected[Math.floor(at / (rows * columns))] as number);
    });
  }
  return { width, height, readWindow: readWindow as never, readValues };
}

async function blend(raster: ReturnType<typeof fakeRaster>, options: BlendWindowsOptions) {
  const { cellsAcross, cellsDown } = windowsOf(raster, options);
  const first = options.firstRow ?? 0;
  const values = new Float32Array(options.numOutputs * (cellsDown - first) * cellsAcross).fill(-1);
  const strips: BlendedStrip[] = [];
  for await (const strip of blendWindows(raster, options)) {
    for (let output = 0; output < options.numOutputs; output++) {
      const size = strip.rows * cellsAcross;
      const at = (output * (cellsDown - first) + strip.row - first) * cellsAcross;
      values.set(strip.values.subarray(output * size, (output + 1) * size), at);
    }
    strips.push(strip);
  }
  return { values, strips };
}

/** One score for a window: the mean of its pixels of each band that have data. */
const meanOf = async (images: readonly Image[]) =>
  images.map(({ pixels, shape: [channels] }) => {
    const plane = pixels.length / channels;
    const values = Float32Array.from({ length: channels }, (_, channel) => {
      const kept = pixels.subarray(channel * plane, (channel + 1) * plane).filter((value) => !Number.isNaN(value));
      return kept.reduce((sum, value) => sum + value, 0) / kept.length;
    });
    return { values, height: 1, width: 1 };
  });

/** A score for each pixel: itself. */
const itself = async (images: readonly Image[]) =>
  images.map(({ pixels, shape: [, height, width] }) => ({ values: pixels.slice(0, height * width), height, width }));

describe("blended windows", () => {
  test("weigh sin² of their places: worked by hand", async () => {
    const raster = fakeRaster(6, 2, () => 0);
    let window = 0;
    const score = async (images: readonly Image[]) =>
      images.map(() => ({ values: Float32Array.of(window++), height: 1, width: 1 }));
    const options = { bands: [0], windowSize: [2, 4], stride: [2, 2], batchSize: 1, numOutputs: 1, score } as const;
    const { values } = await blend(raster, options);
    // sin²(π/8) and sin²(3π/8); they add up to 1.
    const row = [0, 0, 0.1464466, 0.8535534, 1, 1];
    for (const [index, value] of [...row, ...row].entries()) expect(values[index]).toBeCloseTo(value, 6);
  });

  test("of a score for each pixel give every pixel its own, at any stride, edge and band", async () => {
    const raster = fakeRaster(37, 29, (row, column, band) => 100 * row + column + 0.5 * band);
    for (const stride of [
      [8, 12],
      [5, 7],
      [3, 12],
    ] as const) {
      const options = { bands: [4], windowSize: [8, 12], stride, batchSize: 4, numOutputs: 1, score: itself } as const;
      const { values } = await blend(raster, options);
      // Float32 sums and their quotient: a few units of the last place.
      for (const [at, value] of values.entries())
        expect(Math.abs(value - (100 * Math.floor(at / 37) + (at % 37) + 2))).toBeLessThan(2e-3);
    }
  });

  test("have the same values, bit for bit, however they are batched and from whichever row", async () => {
    const raster = fakeRaster(50, 61, (row, column, band) => Math.sin(row * 7 + column * 3 + band));
    const options = { bands: [0, 1], windowSize: [16, 16], stride: [4, 8], numOutputs: 2, score: meanOf } as const;
    const { values: whole } = await blend(raster, { ...options, batchSize: 1 });
    for (const batchSize of [3, 7, 1000])
      expect((await blend(raster, { ...options, batchSize })).values).toEqual(whole);
    for (const firstRow of [1, 12, 16, 45, 60]) {
      const { values } = await blend(raster, { ...options, batchSize: 7, firstRow });
      const size = 61 * 50;
      const rest = [0, 1].flatMap((output) => [...whole.subarray(output * size + firstRow * 50, (output + 1) * size)]);
      expect([...values]).toEqual(rest);
    }
    expect((await blend(raster, { ...options, batchSize: 7, firstRow: 61 })).strips).toEqual([]);
  });

  test("leave pixels without data out, and are not scored where there are none", async () => {
    // Data in a triangle; one band has them in a part of it only.
    const raster = fakeRaster(40, 40, (row, column, band) => (column < row && (band === 0 || row < 30) ? 1 : NaN));
    let scored = 0;
    const score = async (images: readonly Image[]) => {
      scored += images.length;
      for (const { pixels } of images) expect(pixels.some((value) => value === 1)).toBe(true);
      return images.map(() => ({ values: Float32Array.of(5), height: 1, width: 1 }));
    };
    const options = { bands: [0, 1], windowSize: [8, 8], stride: [8, 8], batchSize: 3, numOutputs: 1, score } as const;
    const { values } = await blend(raster, options);
    for (const [at, value] of values.entries()) {
      if (at % 40 < Math.floor(at / 40)) expect(value).toBeCloseTo(5, 5);
      else expect(value).toBeNaN();
    }
    expect(scored).toBe(15); // of 25: those on the diagonal and below it
  });

  test("may be put onto cells of several pixels, with the raster's odd edge in the last", async () => {
    const raster = fakeRaster(30, 22, (row, column) => (row >= 8 && column < 4 ? NaN : column));
    const score = itself;
    const options = { bands: [0], windowSize: [8, 8], cellSize: 4, batchSize: 2, numOutputs: 1, score } as const;
    const { values } = await blend(raster, options);
    expect(values.length).toBe(6 * 8);
    // Each cell has the score at its center, which is the pixel at column 2 of 4.
    expect([...values.subarray(0, 8)].map(Math.round)).toEqual([2, 6, 10, 14, 18, 22, 26, 28]);
    expect([...values.subarray(16, 24)].map((value) => Number.isNaN(value))).toEqual([true, ...Array(7).fill(false)]);
  });

  test("see a raster smaller than they are with its mirror image around it, which stays out of the result", async () => {
    const raster = fakeRaster(3, 2, (row, column) => 10 * row + column);
    let seen: Image | undefined;
    const score = async (images: readonly Image[]) => {
      seen = images[0];
      return itself(images);
    };
    const options = { bands: [0], windowSize: [4, 8], batchSize: 8, numOutputs: 1, score } as const;
    const { values } = await blend(raster, options);
    expect([...(seen as Image).pixels.subarray(0, 8)]).toEqual([0, 1, 2, 1, 0, 1, 2, 1]);
    expect([...(seen as Image).pixels.subarray(24)]).toEqual([10, 11, 12, 11, 10, 11, 12, 11]);
    for (const [at, value] of [0, 1, 2, 10, 11, 12].entries()) expect(values[at]).toBeCloseTo(value, 5);
  });

  test("hold no more of a tall raster than of a short one", async () => {
    const most = async (height: number): Promise<[strip: number, read: number]> => {
      const raster = fakeRaster(20, height, () => 1);
      const score = async (images: readonly Image[]) =>
        images.map(() => ({ values: Float32Array.of(1), height: 1, width: 1 }));
      const options = { bands: [0], windowSize: [16, 16], batchSize: 8, numOutputs: 1, score } as const;
      let [longest, rows] = [0, 0];
      for await (const strip of blendWindows(raster, options)) {
        longest = Math.max(longest, strip.rows);
        rows += strip.rows;
      }
      expect(rows).toBe(height);
      return [longest, Math.max(...raster.readValues)];
    };
    expect(await most(20_000)).toEqual(await most(400));
    expect(await most(20_000)).toEqual([32, 320]);

    const plan = windowsOf({ width: 20, height: 20_000 }, { windowSize: [16, 16] });
    const blender = makeStripBlender(plan, 1);
    const held = new Set<number>();
    for (let index = 0; index < plan.length; index++) {
      blender.takeAbove(plan.window(index).row);
      blender.add(plan.window(index), new Uint8Array(256).fill(1), undefined);
      held.add(blender.heldRows);
    }
    expect(Math.max(...held)).toBe(16);
  });

  test("refuse sizes that leave gaps or cut cells", () => {
    const raster = { width: 100, height: 100 };
    expect(() => windowsOf(raster, { windowSize: [16, 16], cellSize: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: planWindows: expected windows and strides of whole cells of 3 pixels, got windows of 16 by 16 and strides of 9 by 9. Choose a size of cells that divides both.]`,
    );
    expect(() => windowsOf(raster, { windowSize: [16, 16], stride: [16, 20] })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: planWindows: expected strides of at most the windows' 16 by 16 pixels, got 16 by 20. Between them nothing would be seen.]`,
    );
  });
});
