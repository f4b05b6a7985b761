import { nearestBand } from "./bands-by-wavelength.js";
import { assertSpectra, type CubeShape } from "./spectral-image.js";

/** A number made of reflectances at a few wavelengths. */
export interface SpectralIndex {
  readonly wavelengthsNm: readonly number[];
  /** The index from reflectances at the wavelengths, in their order. */
  readonly formula: (...reflectances: number[]) => number;
  readonly source: string;
}

const normalizedDifference = (a = NaN, b = NaN): number => (a - b) / (a + b);

/** Usual indices of vegetation and soil, for reflectances. Wavelengths as the R package hsdar and PlantCV list them. */
export const spectralIndices = {
  /** Normalized difference vegetation index: green vegetation from 0.2 up. */
  ndvi: { wavelengthsNm: [800, 680], formula: normalizedDifference, source: "Tucker 1979" },
  /** Soil-adjusted vegetation index, L = 0.5. */
  savi: {
    wavelengthsNm: [800, 670],
    formula: (nir = NaN, red = NaN) => ((nir - red) / (nir + red + 0.5)) * 1.5,
    source: "Huete 1988",
  },
  /** Photochemical reflectance index: falls with stress. */
  pri: { wavelengthsNm: [531, 570], formula: normalizedDifference, source: "Gamon et al. 1992" },
  /** Red edge position by linear interpolation. Units: nm. */
  redEdgePosition: {
    wavelengthsNm: [670, 700, 740, 780],
    formula: (r670 = NaN, r700 = NaN, r740 = NaN, r780 = NaN) =>
      700 + 40 * (((r670 + r780) / 2 - r700) / (r740 - r700)),
    source: "Guyot & Baret 1988",
  },
  /** Red edge chlorophyll index. */
  chlorophyllRedEdge: {
    wavelengthsNm: [800, 700],
    formula: (nir = NaN, edge = NaN) => nir / edge - 1,
    source: "Gitelson et al. 2003",
  },
  /** Anthocyanin reflectance index. */
  anthocyanin: {
    wavelengthsNm: [550, 700],
    formula: (green = NaN, edge = NaN) => 1 / green - 1 / edge,
    source: "Gitelson et al. 2001",
  },
  /** Cellulose absorption index: dry plant matter. */
  celluloseAbsorption: {
    wavelengthsNm: [2000, 2100, 2200],
    formula: (r2000 = NaN, r2100 = NaN, r2200 = NaN) => 0.5 * (r2000 + r2200) - r2100,
    source: "Nagler et al. 2003",
  },
} as const satisfies Record<string, SpectralIndex>;

/** Farthest that a band may lie from an index's wavelength. */
const TOLERANCE_NM = 20;

/**
 * Computes an index from the bands nearest to its wavelengths.
 *
 * Shape: `[C, H, W] → [H, W]`. Units: `pixels` in reflectance; NaN where a band has no value.
 *
 * @throws {ConfigError} if a wavelength has no band within `toleranceNm`.
 */
export function spectralIndex(
  index: SpectralIndex,
  pixels: Float32Array,
  shape: CubeShape,
  wavelengthsNm: readonly number[],
  toleranceNm = TOLERANCE_NM,
): Float32Array {
  assertSpectra("spectralIndex", pixels, shape, wavelengthsNm);
  const plane = shape[1] * shape[2];
  const bands = index.wavelengthsNm.map((wavelength) => nearestBand(wavelengthsNm, wavelength, toleranceNm));
  return Float32Array.from({ length: plane }, (_, pixel) =>
    index.formula(...bands.map((band) => pixels[band * plane + pixel] as number)),
  );
}
