import { initialize, normal } from "@graticule/nn";
import { patchify } from "@graticule/ops";
import { type Scalar, type Tensor, tensor4d } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  channelTree,
  HyperspectralMae,
  hyperspectralMaeConfig,
  hyperspectralMaeLoss,
  makeHyperspectralMae,
  makeMaeMask,
  makeSpectralMask,
} from "../../src/index.js";
import { backends } from "../backends.js";
import { checkSlopes } from "../check-slopes.js";
import { randomTensor } from "../random-tensor.js";

const inChannels = 5;
const config = hyperspectralMaeConfig("tiny", {
  inChannels,
  imageSize: [4, 6],
  patchSize: 2,
  embedDim: 8,
  depth: 1,
  numHeads: 2,
  mlpDim: 16,
  decoderEmbedDim: 4,
  decoderDepth: 1,
  decoderNumHeads: 2,
  channelTree: channelTree("tree0", { inChannels, groups: 2, reducer: "linear" }),
});
const draw = { seed: 1, epoch: 0, indices: [4, 9], numTokens: 6 } as const;
const spatial = makeMaeMask({ ...draw, maskRatio: 0.5 });
const spectral = makeSpectralMask({ ...draw, numChannels: inChannels, channelsPerBlock: 2, maskRatio: 0.7 });
const masks = { spatial, spectral };

/** Whether pixel i of images `[2, 5, 4, 6]` is masked. */
function isMasked(mask: typeof spatial | typeof spectral, i: number): boolean {
  const [sample, channel] = [Math.floor(i / 120), Math.floor(i / 24) % 5];
  const patch = Math.floor((Math.floor(i / 6) % 4) / 2) * 3 + Math.floor((i % 6) / 2);
  const row = sample * 6 + patch;
  return ("keep" in mask ? mask.mask[row] : mask.masked[row * 5 + channel]) === 1;
}

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);
    const build = () => initialize(new HyperspectralMae(config), [["**", normal(0.3)]], 3);
    const number = (x: Scalar) => x.dataSync()[0] as number;

    test.each(["spatial", "spectral"] as const)("the encoder sees nothing of what is masked: %s", (name) => {
      const model = build();
      const mask = masks[name];
      const pixels = randomTensor([2, inChannels, 4, 6], "images").dataSync().slice();
      const seen = model.forward(tensor4d(pixels, [2, inChannels, 4, 6]), mask).dataSync();
      for (let i = 0; i < pixels.length; i++) if (isMasked(mask, i)) pixels[i] = Number.NaN;
      expect(model.forward(tensor4d(pixels, [2, inChannels, 4, 6]), mask).dataSync()).toEqual(seen);
    });

    test.each(["spatial", "spectral"] as const)("the loss is the mean over what is masked: %s", (name) => {
      const model = build();
      const mask = masks[name];
      const images = randomTensor([2, inChannels, 4, 6], "images");
      const pixels = images.dataSync();
      // Predictions in the places of pixels.
      const prediction = model.forward(images, mask).dataSync();
      const places = patchify(
        tensor4d(Float32Array.from(pixels.keys()), [2, inChannels, 4, 6]),
        2,
        "channels-last",
      ).dataSync();
      let [sum, count] = [0, 0];
      for (const [index, pixel] of places.entries())
        if (isMasked(mask, pixel)) {
          sum += (prediction[index]! - pixels[pixel]!) ** 2;
          count += 1;
        }
      expect(number(hyperspectralMaeLoss(model, images, mask, { normPix: false }))).toBeCloseTo(sum / count, 5);
    });

    test.skipIf(backend === "wasm").each([
      ["spatial", true],
      ["spectral", false],
      ["spectral", true],
    ] as const)("the loss changes along random directions as its gradient says: %s, normPix %s", (name, normPix) => {
      const model = build();
      const images = randomTensor([2, inChannels, 4, 6], "images");
      checkSlopes(model, () => hyperspectralMaeLoss(model, images, masks[name], { normPix }));
      model.dispose();
    });
  });

test("a spectral mask hides its share of cells, whole blocks of channels, by seed, epoch and image alone", () => {
  const options = { seed: 3, epoch: 1, numTokens: 6, numChannels: 7, channelsPerBlock: 3, maskRatio: 0.75 } as const;
  const { masked } = makeSpectralMask({ ...options, indices: [2, 5] });
  for (let row = 0; row < 12; row++) {
    const [a, b, c, d, e, f] = masked.subarray(row * 7, row * 7 + 7);
    expect([a, d]).toEqual([b, e]);
    expect([b, e]).toEqual([c, f]);
  }
  const cells = Array.from(
    { length: 12 * 3 },
    (_, cell) => masked[Math.floor(cell / 3) * 7 + (cell % 3) * 3] as number,
  );
  // Of 18 cells each image keeps floor(18 · 0.25) = 4.
  expect(cells.slice(0, 18).reduce((sum, value) => sum + value, 0)).toBe(14);
  const alone = makeSpectralMask({ ...options, indices: [5] });
  expect(alone.masked).toEqual(masked.subarray(42));
});

test("first values are finite and what doesn't fit is named", async () => {
  await backends[0]!.use();
  const model = makeHyperspectralMae(config, { seed: 1 });
  const images: Tensor = randomTensor([2, inChannels, 4, 6], "images");
  expect(model.forward(images, spatial).dataSync().every(Number.isFinite)).toBe(true);
  const other = makeMaeMask({ ...draw, numTokens: 7, maskRatio: 0.5 });
  expect(() => model.forward(images, other)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: HyperspectralMae: expected a mask of 2 × 6 patches and 5 channels, got 2 × 7 and 5. Make the mask for this batch and the model's number of patches.]`,
  );
  expect(() => model.forward(images, { ...spectral, numChannels: 4 })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: HyperspectralMae: expected a mask of 2 × 6 patches and 5 channels, got 2 × 6 and 4. Make the mask for this batch and the model's number of patches.]`,
  );
  const make = (channelsPerBlock: number) => () =>
    makeSpectralMask({ ...draw, numChannels: 5, channelsPerBlock, maskRatio: 0.5 });
  expect(make(6)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: makeSpectralMask: expected channelsPerBlock from 1 to 5, got 6.]`,
  );
  const build = (overrides: object) => () => hyperspectralMaeConfig("tiny", { ...config, ...overrides });
  expect(build({ decoderEmbedDim: 6, decoderNumHeads: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: hyperspectralMaeConfig: expected decoderEmbedDim to be a multiple of 4 for its sin-cos positions, got 6.]`,
  );
  expect(build({ decoderNumHeads: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: hyperspectralMaeConfig: expected decoderNumHeads to divide decoderEmbedDim 4, got 3. Choose a divisor.]`,
  );
});
