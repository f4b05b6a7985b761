import type { CubeOptions } from "../cube.js";
import { nanometersPerUnit, toNanometers } from "../wavelength-unit.js";
import type { MatArray } from "./mat-array.js";

/** Names, lower case, under which files keep their band centers, widths and good-band marks. */
const WAVELENGTH_NAMES = ["wl", "wavelength", "wavelengths", "lambda", "wave"];
const FWHM_NAMES = ["fwhm"];
const GOOD_BAND_NAMES = ["bbl", "goodbands", "good_bands"];

/** Finds a file's vectors of one number a band: wavelengths, widths, and `bbl` (0 marks a bad band). */
export async function readBandVectors<Variable extends MatArray>(
  path: string,
  variables: readonly Variable[],
  bands: number,
  unit: CubeOptions["wavelengthUnit"],
  read: (variable: Variable) => Promise<number[]>,
): Promise<{ wavelengthsNm?: number[]; fwhmNm?: number[]; badBands: number[] }> {
  async function find(names: readonly string[]): Promise<number[] | undefined> {
    const isVector = ({ dims }: MatArray): boolean =>
      dims.every((dim) => dim === 1 || dim === bands) && dims.filter((dim) => dim === bands).length === 1;
    const found = variables.find(
      (variable) => variable.dtype !== undefined && names.includes(variable.name.toLowerCase()) && isVector(variable),
    );
    return found && (await read(found));
  }
  const marks = (await find(GOOD_BAND_NAMES)) ?? [];
  const badBands = marks.flatMap((mark, band) => (mark === 0 ? [band] : []));
  const wavelengths = await find(WAVELENGTH_NAMES);
  const factor = wavelengths && nanometersPerUnit(path, undefined, unit, wavelengths);
  if (wavelengths === undefined || factor === undefined) return { badBands };
  const fwhm = await find(FWHM_NAMES);
  return {
    wavelengthsNm: toNanometers(wavelengths, factor),
    ...(fwhm && { fwhmNm: toNanometers(fwhm, factor) }),
    badBands,
  };
}
