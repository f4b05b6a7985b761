import { readFile } from "node:fs/promises";
import { FormatError } from "@graticule/core";
import { type Cube, type CubeDescription, type CubeOptions, DEFAULT_CACHE_BYTES } from "../cube.js";
import { makeCube, uniqueBandNames } from "../make-cube.js";
import type { Calibration } from "../strided/strided-layout.js";
import { makeFileReader } from "../strided/strided-reader.js";
import { nanometersPerUnit, toNanometers } from "../wavelength-unit.js";
import { bandNumbers, type EnviFields, listField, numberField, parseEnviFields } from "./envi-header.js";
import { parseEnviLayout } from "./envi-layout.js";
import { fileSize, findEnviFiles } from "./find-envi-files.js";
import { parseMapInfo } from "./map-info.js";

/** Real headers of hundreds of bands take some 20 kB. */
const MAX_HEADER_BYTES = 2 ** 24;

/**
 * Opens an ENVI cube by the path of its header or its data. Values are `stored · gain + offset`, divided by the
 * reflectance scale factor, of those that the header has.
 *
 * @throws {FormatError} naming file and field, if header or data are missing, broken or of another kind.
 */
export async function openEnviCube(path: string, options: CubeOptions = {}): Promise<Cube> {
  const { header, data, dataBytes } = await findEnviFiles(path);
  if (((await fileSize(header)) as number) > MAX_HEADER_BYTES)
    throw new FormatError(header, `a header of at most ${MAX_HEADER_BYTES} bytes`, "a larger file", "Check the path.");
  const fields = parseEnviFields(header, await readFile(header, "latin1"));
  const layout = parseEnviLayout(header, fields, data, dataBytes);
  const { height, width, bands, dtype } = layout;
  const calibration = parseCalibration(header, fields, bands, options.values === "stored");
  const { gains, offsets, missing } = calibration;
  const isReflectance = fields.has("reflectance scale factor") && options.values !== "stored";
  const unit = isReflectance ? "reflectance" : fields.get("data units");
  const georeference = parseMapInfo(fields);
  const description: CubeDescription = {
    path: data,
    format: "ENVI",
    height,
    width,
    bands,
    bandNames: uniqueBandNames(path, listField(fields, "band names"), bands),
    dtype,
    ...parseWavelengths(header, fields, bands, options.wavelengthUnit),
    badBands: parseBadBands(header, fields, bands),
    ...(unit && { unit }),
    ...(gains && { scales: gains }),
    ...(offsets && { offsets }),
    ...(missing !== undefined && { nodata: missing }),
    ...(georeference && { georeference }),
  };
  const read = makeFileReader(data, layout, calibration, options.cacheBytes ?? DEFAULT_CACHE_BYTES);
  return makeCube(description, read, { maxValues: options.maxValues });
}

function parseBadBands(header: string, fields: EnviFields, bands: number): number[] {
  const marks = bandNumbers(header, fields, "bbl", bands) ?? [];
  return marks.flatMap((mark, band) => (mark === 0 ? [band] : []));
}

function parseWavelengths(
  header: string,
  fields: EnviFields,
  bands: number,
  unit: string | undefined,
): { wavelengthsNm?: number[]; fwhmNm?: number[] } {
  const wavelengths = bandNumbers(header, fields, "wavelength", bands);
  if (wavelengths === undefined) return {};
  const factor = nanometersPerUnit(header, fields.get("wavelength units"), unit, wavelengths);
  if (factor === undefined) return {};
  const fwhm = bandNumbers(header, fields, "fwhm", bands);
  return { wavelengthsNm: toNanometers(wavelengths, factor), ...(fwhm && { fwhmNm: toNanometers(fwhm, factor) }) };
}

/** Gains and offsets as the header gives them, with the reflectance scale in both. */
function parseCalibration(header: string, fields: EnviFields, bands: number, stored: boolean): Calibration {
  const missing = numberField(header, fields, "data ignore value");
  const ignored = missing === undefined ? {} : { missing };
  if (stored) return ignored;
  const scale = numberField(header, fields, "reflectance scale factor") ?? 1;
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new FormatError(header, "a 'reflectance scale factor' above zero", `${scale}`, "Correct the header.");
  const gains = bandNumbers(header, fields, "data gain values", bands);
  const offsets = bandNumbers(header, fields, "data offset values", bands);
  const allGains = gains ?? (scale === 1 ? undefined : new Array<number>(bands).fill(1));
  return {
    ...ignored,
    ...(allGains && { gains: allGains.map((gain) => gain / scale) }),
    ...(offsets && { offsets: offsets.map((offset) => offset / scale) }),
  };
}
