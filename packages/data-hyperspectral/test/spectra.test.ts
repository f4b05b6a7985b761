import { expect, test } from "vitest";
import {
  badColumnMask,
  bandsInRanges,
  classSpectra,
  emptyBands,
  gaussianResponse,
  maskColumns,
  nearestBand,
  removeContinuum,
  resampleBands,
  responseWeights,
  rgbBands,
  sentinel2Responses,
  spectralAngle,
  spectralIndex,
  spectralIndices,
  usableBands,
  waterVaporRangesNm,
} from "../src/index.js";

const close = (values: Float32Array): number[] => Array.from(values, (value) => Number(value.toFixed(5)));

test("the continuum is the upper hull: hand-worked spectra", () => {
  const wavelengths = [400, 500, 600, 700, 800];
  // Two pixels: a single feature under the line 1 → 1.4, and a peak that is a corner of the hull.
  const spectra = [
    [1, 0.55, 0.6, 0.65, 1.4],
    [1, 0.5, 2, 0.75, 1],
  ];
  const pixels = Float32Array.from(
    wavelengths.flatMap((_, band) => spectra.map((spectrum) => spectrum[band] as number)),
  );
  const removed = removeContinuum(pixels, [5, 1, 2], wavelengths);
  const first = [1, 0.55 / 1.1, 0.6 / 1.2, 0.65 / 1.3, 1];
  const second = [1, 0.5 / 1.5, 1, 0.75 / 1.5, 1];
  expect(close(removed)).toEqual(
    close(Float32Array.from(wavelengths.flatMap((_, band) => [first[band] as number, second[band] as number]))),
  );
});

test("the hull leaves missing bands out, takes bands in any order, and needs two values", () => {
  const removed = removeContinuum(Float32Array.of(1, NaN, 0.5, 1), [4, 1, 1], [400, 500, 600, 800]);
  expect(close(removed)).toEqual([1, NaN, 0.5, 1]);
  expect(close(removeContinuum(Float32Array.of(1, 1, 0.5), [3, 1, 1], [800, 400, 600]))).toEqual([1, 1, 0.5]);
  expect(removeContinuum(Float32Array.of(1, NaN), [2, 1, 1], [400, 500])).toEqual(Float32Array.of(NaN, NaN));
  expect(() => removeContinuum(Float32Array.of(1, 1), [2, 1, 1], [400, 400])).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: removeContinuum: expected a wavelength of its own for each band, got 400 nm twice or no number. Leave one of the bands out.]`,
  );
  expect(() => removeContinuum(Float32Array.of(1, 1), [2, 1, 1], [400])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: removeContinuum: expected one wavelength for each of 2 bands, got 1. Select the wavelengths of the same bands as the pixels.]`,
  );
});

test("resampling keeps a straight spectrum straight and weighs by the response", () => {
  const wavelengths = Array.from({ length: 211 }, (_, band) => 400 + 10 * band);
  const weights = responseWeights(wavelengths, sentinel2Responses);
  const line = Float32Array.from(wavelengths, (nm) => 0.001 * nm);
  const resampled = resampleBands(line, [211, 1, 1], weights);
  for (const [at, { wavelengthNm, weights: shares }] of weights.entries()) {
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(resampled[at]).toBeCloseTo(0.001 * wavelengthNm, 6);
  }
  expect(weights.map(({ wavelengthNm }) => Math.round(wavelengthNm))).toEqual([
    443, 490, 560, 665, 705, 740, 783, 842, 865, 945, 1375, 1610, 2190,
  ]);
});

test("a triangular response on hand-worked bands", () => {
  const triangle = { name: "t", wavelengthsNm: [495, 505, 515], values: [0, 1, 0] };
  const [weights] = responseWeights([490, 500, 510, 520], [triangle]);
  // Bands 500 and 510 stand for 495 … 505 … 515: half of the triangle each.
  expect(weights).toMatchObject({ bands: [1, 2], weights: [0.5, 0.5], wavelengthNm: 505 });
  expect([...resampleBands(Float32Array.of(9, 1, 3, 9), [4, 1, 1], [weights as NonNullable<typeof weights>])]).toEqual([
    2,
  ]);
  expect([
    ...resampleBands(Float32Array.of(9, NaN, 3, 9), [4, 1, 1], [weights as NonNullable<typeof weights>]),
  ]).toEqual([NaN]);
  expect(() => responseWeights([400, 410, 420], [gaussianResponse("far", 500, 10)])).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: responseWeights: expected bands that cover far but 5 %, got 100.0 % of its response without a band. Leave this band out.]`,
  );
  const hole = [1300, 1310, 1320, 1450, 1460];
  expect(() => responseWeights(hole, [gaussianResponse("in a hole", 1385, 30)])).toThrow(/in a hole but 5 %/);
});

test("indices by wavelength equal their formulas", () => {
  const wavelengths = [531, 570, 670, 682, 702, 740, 781, 799];
  const spectrum = Float32Array.of(0.04, 0.05, 0.05, 0.06, 0.1, 0.3, 0.45, 0.5);
  const compute = (name: keyof typeof spectralIndices): number =>
    spectralIndex(spectralIndices[name], spectrum, [8, 1, 1], wavelengths)[0] as number;
  expect(compute("ndvi")).toBeCloseTo((0.5 - 0.06) / 0.56, 6);
  expect(compute("pri")).toBeCloseTo(-0.01 / 0.09, 6);
  expect(compute("savi")).toBeCloseTo((0.45 / 1.05) * 1.5, 6);
  expect(compute("redEdgePosition")).toBeCloseTo(700 + 40 * ((0.25 - 0.1) / 0.2), 3);
  expect(compute("chlorophyllRedEdge")).toBeCloseTo(4, 5);
  expect(() => compute("celluloseAbsorption")).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: nearestBand: expected a band within 20 nm of 2000 nm, got 799 nm. Choose another wavelength, or a wider tolerance.]`,
  );
  expect(compute("anthocyanin")).toBeCloseTo(1 / 0.04 - 1 / 0.1, 4); // 531 nm is the nearest to 550
});

test("bands by wavelength", () => {
  const wavelengths = [490, 560, 665, 1340, 1400, 1500, 1900];
  expect(bandsInRanges(wavelengths, waterVaporRangesNm)).toEqual([3, 4, 6]);
  expect([nearestBand(wavelengths, 600), nearestBand(wavelengths, 1e4)]).toEqual([1, 6]);
  expect(rgbBands(wavelengths)).toEqual([2, 1, 0]);
  const cube = { path: "x", bands: 7, badBands: [0], wavelengthsNm: wavelengths };
  expect(usableBands(cube, { exclude: waterVaporRangesNm })).toEqual([1, 2, 5]);
  expect(usableBands(cube, { ranges: [[400, 600]] })).toEqual([1]);
  expect(() => usableBands(cube, { ranges: [[2000, 2500]] })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: usableBands: expected a band of 'x' in ranges [[2000,2500]] without "none", got none. Widen the ranges.]`,
  );
  expect(() => usableBands({ path: "x", bands: 2, badBands: [] }, { exclude: [] })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: usableBands: expected wavelengths in 'x' to choose bands by, got none. Give bands by index.]`,
  );
});

test("the spectral angle ignores brightness", () => {
  const pixels = Float32Array.of(1, 2, 0, 0, 0, 3); // pixels (1, 0), (2, 0), (0, 3)
  const angles = spectralAngle(pixels, [2, 1, 3], [1, 0]);
  expect(close(angles)).toEqual([0, 0, Number((Math.PI / 2).toFixed(5))]);
  expect(spectralAngle(Float32Array.of(1, 1), [2, 1, 1], [1, 0])[0]).toBeCloseTo(Math.PI / 4, 6);
});

test("dead and striped columns are found and taken out; a smooth gradient has none", () => {
  const [height, width] = [6, 12];
  const noise = (row: number, column: number): number => Math.sin(row * 12.9898 + column * 78.233) * 0.2;
  const smooth = Array.from(
    { length: height * width },
    (_, at) => 10 + (at % width) * 0.1 + noise(Math.floor(at / width), at % width),
  );
  const broken = smooth.map((value, at) => (at % width === 4 ? 0 : at % width === 8 ? value + 5 : value));
  const shape = [2, height, width] as const;
  const pixels = Float32Array.from([...smooth, ...broken]);
  const mask = badColumnMask(pixels, shape);
  const bad = Array.from(mask, (flag, at) => (flag ? [Math.floor(at / width), at % width] : [])).filter(
    (place) => place.length > 0,
  );
  expect(bad).toEqual([
    [1, 4],
    [1, 8],
  ]);
  const masked = maskColumns(pixels, shape, mask);
  expect(masked.filter(Number.isNaN)).toHaveLength(2 * height);
  expect(emptyBands(Float32Array.of(NaN, NaN, 1, NaN), [2, 1, 2])).toEqual([0]);
});

test("class spectra are means and deviations of each class's pixels", () => {
  const pixels = Float32Array.of(1, 3, 10, 2, 2, 20);
  const [zero, one] = classSpectra(pixels, [2, 1, 3], [1, 1, 0]);
  expect([zero?.label, zero?.pixels, zero?.bands.map(({ mean }) => mean)]).toEqual([0, 1, [10, 20]]);
  expect(one?.bands.map(({ mean, std }) => [mean, std])).toEqual([
    [2, 1],
    [2, 0],
  ]);
});
