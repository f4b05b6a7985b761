import { FormatError } from "@graticule/core";

/** Nanometers in one of a unit; names as ENVI writes them, lower case. */
const NANOMETERS: Readonly<Record<string, number>> = {
  nanometers: 1,
  nanometer: 1,
  nm: 1,
  micrometers: 1000,
  micrometer: 1000,
  micron: 1000,
  microns: 1000,
  um: 1000,
  µm: 1000,
  μm: 1000,
  angstroms: 0.1,
  millimeters: 1e6,
  mm: 1e6,
  centimeters: 1e7,
  cm: 1e7,
  meters: 1e9,
  m: 1e9,
};
/** What a file writes that doesn't say. */
const UNSAID = ["", "unknown", "none"];
/** No optical band lies below 100 nm or above 100 µm, so a number tells its unit. */
const LEAST_NM = 100;

/**
 * How many nanometers one of a file's wavelength unit is. Where the file doesn't say, the first wavelength does: from
 * 100 on they are nanometers, below micrometers.
 *
 * @returns undefined for `Index`, wavenumbers and frequencies, which are no lengths.
 * @throws {FormatError} if the option names no known unit.
 */
export function nanometersPerUnit(
  path: string,
  fileUnit: string | undefined,
  optionUnit: string | undefined,
  wavelengths: readonly number[],
): number | undefined {
  const wanted = optionUnit?.trim().toLowerCase();
  if (wanted !== undefined && NANOMETERS[wanted] === undefined)
    throw new FormatError(path, `wavelengthUnit among ${Object.keys(NANOMETERS).join(", ")}`, `'${optionUnit}'`);
  const unit = wanted ?? fileUnit?.trim().toLowerCase() ?? "";
  if (UNSAID.includes(unit)) return (wavelengths.find((value) => value > 0) ?? LEAST_NM) >= LEAST_NM ? 1 : 1000;
  return NANOMETERS[unit];
}

/** Lengths in nanometers, without the noise of the multiplication: 0.4 µm is 400 nm. */
export function toNanometers(values: readonly number[], factor: number): number[] {
  return factor === 1 ? [...values] : values.map((value) => Number((value * factor).toPrecision(12)));
}
