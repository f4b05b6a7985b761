import { describe, expect, it } from "vitest";
import { channelStatisticsFeatures, downsampledPixelFeatures } from "../src/index.js";

const pixels = Float32Array.from({ length: 2 * 2 * 4 }, (_, index) => index); // [2, 2, 4]

describe("raw-pixel features", () => {
  it("averages blocks channel by channel", () => {
    // Channel 0 rows: 0 1 2 3 / 4 5 6 7.
    expect([...downsampledPixelFeatures(pixels, [2, 2, 4], [1, 2])]).toEqual([2.5, 4.5, 10.5, 12.5]);
    expect([...downsampledPixelFeatures(pixels, [2, 2, 4], [2, 4])]).toEqual([...pixels]);
  });

  it("shares columns between blocks where the grid doesn't divide the image", () => {
    expect([...downsampledPixelFeatures(Float32Array.of(1, 2, 9), [1, 1, 3], [1, 2])]).toEqual([1.5, 5.5]);
  });

  it("gives mean and deviation of each channel", () => {
    const features = channelStatisticsFeatures(Float32Array.of(1, 3, 5, 5), [2, 1, 2]);
    expect([...features]).toEqual([2, 5, 1, 0]);
  });

  it("says what is wrong with shape and grid", () => {
    expect(() => channelStatisticsFeatures(pixels, [3, 2, 4])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: channelStatisticsFeatures: expected pixels [3, 2, 4], got 16 values. Pass the shape that the pixels were read with.]`,
    );
    expect(() => downsampledPixelFeatures(pixels, [2, 2, 4], [4, 2])).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: downsampledPixelFeatures: expected a grid from [1, 1] to [2, 4], got [4, 2].]`,
    );
  });
});
