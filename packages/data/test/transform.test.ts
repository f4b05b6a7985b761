import { makeRandom } from "@graticule/core";
import { expect, test } from "vitest";
import {
  applyTransforms,
  assertTransforms,
  type ByteImage,
  centerCrop,
  drawCropBox,
  flipHorizontal,
  flipVertical,
  type Image,
  normalize,
  resample,
} from "../src/index.js";

const image = { pixels: Float32Array.from({ length: 12 }, (_, index) => index), shape: [2, 2, 3] as const };

test("flips mirror rows or columns of every channel and leave the input alone", () => {
  expect([...flipHorizontal(image).pixels]).toEqual([2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9]);
  expect([...flipVertical(image).pixels]).toEqual([3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8]);
  expect(image.pixels[0]).toBe(0);
});

test("a center crop takes the middle and refuses images that are too small", () => {
  expect(centerCrop(image, [2, 1])).toEqual({ pixels: Float32Array.of(1, 4, 7, 10), shape: [2, 2, 1] });
  expect(() => centerCrop(image, [3, 1])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: centerCrop: expected an image of at least 3 by 1 pixels, got [2, 2, 3]. Put a resize before it.]`,
  );
});

test("normalize uses each channel's own scale and puts 0 where there is no data", () => {
  const pixels = Float32Array.of(2, NaN, 5, 9);
  const schema = [
    { name: "a", mean: 1, std: 2 },
    { name: "b", mean: 5, std: 4 },
  ];
  expect(normalize({ pixels, shape: [2, 1, 2] }, schema).pixels).toEqual(Float32Array.of(0.5, 0, 0, 1));
  expect(() => normalize({ pixels, shape: [2, 1, 2] }, schema.slice(1))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: normalize: expected 1 channels (b), got 2.]`,
  );
  expect(() => normalize({ pixels, shape: [1, 2, 2] }, [{ name: "nir" }])).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: normalize: expected a mean and a positive std for channel 'nir', got mean undefined and std undefined. Measure the training split with measureChannels, or leave the channel out.]`,
  );
});

test("a fused pass over bytes equals the steps one after the other on their pixels", () => {
  const shape = [3, 9, 14] as const;
  const bytes = Uint8Array.from({ length: 3 * 9 * 14 }, (_, at) => (at * 37) % 251);
  const pixels = Float32Array.from(bytes, (_, to) => bytes[(to % 126) * 3 + Math.floor(to / 126)] as number);
  const schema = ["a", "b", "c"].map((name, band) => ({ name, mean: 100 + band, std: 50 - band }));
  const box = { row: 2, column: 3, height: 6, width: 9 };
  for (const probability of [0, 1]) {
    const steps = (image: Image | ByteImage, output?: Float32Array) =>
      applyTransforms(
        image,
        [
          { kind: "randomResizedCrop", size: [5, 7], scale: [0.4, 0.9], ratio: [0.5, 2], interpolation: "bicubic" },
          { kind: "horizontalFlip", probability },
          { kind: "normalize" },
        ],
        { random: makeRandom(3), schema },
        output,
      );
    const output = new Float32Array(3 * 35);
    const fused = steps({ bytes, shape }, output);
    expect(fused.pixels).toBe(output);
    expect(steps({ pixels, shape }).pixels).toEqual(output);
    const cropped = resample(
      { pixels, shape },
      drawCropBox(9, 14, [0.4, 0.9], [0.5, 2], makeRandom(3)),
      [5, 7],
      "bicubic",
    );
    const apart = normalize(probability === 1 ? flipHorizontal(cropped) : cropped, schema);
    // Float32 instead of float64 arithmetic on values up to 255 / 48.
    for (const [at, value] of apart.pixels.entries())
      expect(Math.abs(value - (output[at] as number))).toBeLessThan(2e-6);
  }
  expect(resample({ bytes, shape }, box, [4, 4], "bilinear")).toEqual(
    resample({ pixels, shape }, box, [4, 4], "bilinear"),
  );
  const context = { random: makeRandom(1), schema };
  expect(applyTransforms({ bytes, shape }, [], context)).toEqual({ pixels, shape });
});

test("crop boxes lie inside, cover the asked area and ratio, and have no preferred place", () => {
  const random = makeRandom(11);
  const rows: number[] = [];
  for (let draw = 0; draw < 2000; draw++) {
    const box = drawCropBox(60, 90, [0.2, 0.5], [3 / 4, 4 / 3], random);
    expect(box.row + box.height).toBeLessThanOrEqual(60);
    expect(box.column + box.width).toBeLessThanOrEqual(90);
    const area = (box.height * box.width) / (60 * 90);
    // Rounding each side to whole pixels moves area and ratio by up to 1/30.
    expect(area).toBeGreaterThan(0.19);
    expect(area).toBeLessThan(0.52);
    expect(box.width / box.height).toBeGreaterThan(0.72);
    expect(box.width / box.height).toBeLessThan(1.39);
    rows.push((box.row + box.height / 2) / 60);
  }
  const mean = rows.reduce((sum, value) => sum + value, 0) / rows.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.02); // ten standard errors of 0.1 / √2000
});

test("when no draw fits, the crop is the largest centered one within the ratio", () => {
  const random = makeRandom(1);
  expect(drawCropBox(10, 100, [1, 1], [1, 1], random)).toEqual({ row: 0, column: 45, height: 10, width: 10 });
  expect(drawCropBox(100, 10, [1, 1], [1, 2], random)).toEqual({ row: 45, column: 0, height: 10, width: 10 });
  expect(drawCropBox(1, 1, [0.01, 0.1], [1, 1], random)).toEqual({ row: 0, column: 0, height: 1, width: 1 });
});

test("a pipeline depends on its random stream only", () => {
  const run = (seed: number) =>
    applyTransforms(
      image,
      [
        { kind: "randomResizedCrop", size: [4, 5], scale: [0.5, 1], ratio: [0.5, 2], interpolation: "bicubic" },
        { kind: "horizontalFlip" },
        { kind: "verticalFlip", probability: 1 },
        { kind: "centerCrop", size: [3, 3] },
        { kind: "resize", size: [2, 6], interpolation: "bilinear" },
      ],
      { random: makeRandom(seed), schema: [{ name: "a" }, { name: "b" }] },
    );
  expect(run(1)).toEqual(run(1));
  expect(run(1).shape).toEqual([2, 2, 6]);
  expect(run(1).pixels).not.toEqual(run(2).pixels);
});

test("wrong transforms are named with their field", () => {
  const check = (transform: Parameters<typeof assertTransforms>[0][number]) => () =>
    assertTransforms([transform], [{ name: "red" }]);
  const crop = { kind: "randomResizedCrop", size: [8, 8], interpolation: "bicubic" } as const;
  expect(check({ ...crop, scale: [0, 1], ratio: [1, 1] })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: transforms.randomResizedCrop.scale: expected 0 < low ≤ high ≤ 1, got [0,1].]`,
  );
  expect(check({ ...crop, scale: [0.1, 1], ratio: [2, 1] })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: transforms.randomResizedCrop.ratio: expected 0 < low ≤ high, got [2,1].]`,
  );
  expect(check({ kind: "horizontalFlip", probability: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: transforms.horizontalFlip.probability: expected 0 to 1, got 2.]`,
  );
  expect(check({ kind: "rotate" } as never)).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: transforms: expected kind randomResizedCrop, horizontalFlip, verticalFlip, resize, centerCrop, normalize, randomErasing, got "rotate".]`,
  );
  expect(check({ kind: "normalize" })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: normalize: expected a mean and a positive std for channel 'red', got mean undefined and std undefined. Measure the training split with measureChannels, or leave the channel out.]`,
  );
});
