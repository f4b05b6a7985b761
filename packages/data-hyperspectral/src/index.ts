/**
 * Hyperspectral cubes for training.
 *
 * ```ts
 * import { cubeCropsSpec, openCube, usableBands, waterVaporRangesNm } from "@graticule/data-hyperspectral";
 * const cube = await openCube("scene.hdr"); // ENVI, MATLAB or GeoTIFF
 * const bands = usableBands(cube, { exclude: waterVaporRangesNm });
 * const window = await cube.readWindow({ row: 0, column: 0, height: 64, width: 64, bands }); // [C, 64, 64]
 * const crops = cubeCropsSpec({ cubes: [{ path: "scene.hdr" }], cropSize: [32, 32], split: "train" }); // for makeLoader
 * ```
 */
export {
  type CubeCrops,
  type CubeCropsOptions,
  type CubeSource,
  cubeCropsSpec,
  openCubeCrops,
} from "./crops/cube-crops.js";
export type { Cube, CubeDescription, CubeLimits, CubeOptions, CubeWindow } from "./cube.js";
export { openCube } from "./open-cube.js";
export {
  bandsInRanges,
  nearestBand,
  type RangeNm,
  rgbBands,
  type UsableBandsOptions,
  usableBands,
  waterVaporRangesNm,
} from "./spectra/bands-by-wavelength.js";
export { removeContinuum } from "./spectra/continuum-removal.js";
export { badColumnMask, emptyBands, maskColumns } from "./spectra/pixel-masks.js";
export { spectralAngle } from "./spectra/spectral-angle.js";
export type { CubeShape } from "./spectra/spectral-image.js";
export { type SpectralIndex, spectralIndex, spectralIndices } from "./spectra/spectral-indices.js";
export {
  type BandWeights,
  gaussianResponse,
  resampleBands,
  responseWeights,
  type SpectralResponse,
  sentinel2Responses,
} from "./spectra/spectral-response.js";
export { type ClassSpectra, classSpectra } from "./spectra/spectral-statistics.js";
