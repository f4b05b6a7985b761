import { makeRandom } from "@graticule/core";

/**
 * A scene that compresses like an image: hills of several sizes with a little noise, in whole numbers below `levels`.
 * Shape: `[bands, height, width]`.
 */
export function syntheticScene(options: {
  readonly bands: number;
  readonly height: number;
  readonly width: number;
  readonly levels: number;
  readonly seed: number;
}): Uint16Array {
  const { bands, height, width, levels, seed } = options;
  const random = makeRandom(seed, "scene");
  const values = new Uint16Array(bands * height * width);
  const noise = Float32Array.from({ length: 65_537 }, () => 0.01 * random.float());
  for (let band = 0, at = 0; band < bands; band++)
    for (let row = 0; row < height; row++) {
      const ridge = Math.sin(row / 61 + band) + Math.sin(row / 17 - band / 3);
      for (let column = 0; column < width; column++, at++) {
        const hill = 0.5 + 0.11 * (ridge + Math.sin(column / 43 + row / 97) + Math.sin(column / 11));
        values[at] = levels * Math.min(0.98, Math.max(0, hill + (noise[at % 65_537] as number)));
      }
    }
  return values;
}
