import { FormatError } from "@graticule/core";
import { openRasterPages, type Raster } from "@graticule/data-geotiff";
import type { Cube, CubeDescription, CubeOptions, WindowSource } from "../cube.js";
import { makeCube, uniqueBandNames } from "../make-cube.js";
import { nanometersPerUnit, toNanometers } from "../wavelength-unit.js";

/** `band 1 (418.24 Nanometers)`, as EnMAP's and GDAL's ENVI bands are described. */
const DESCRIBED_WAVELENGTH = /([\d.]+)\s*(nanometers|micrometers|nm|um|µm)\b/i;
/** A reflectance scale is a power of ten below one. */
const REFLECTANCE_SCALES = [1e-2, 1e-3, 1e-4, 1e-5];

/**
 * Opens a GeoTIFF as a cube: the bands of its image, pixel or band interleaved, or its pages of one band each; pages of
 * another size (overviews) are left out. Wavelengths, widths, bad bands, scales and offsets come from GDAL's metadata of
 * each band, or wavelengths from the bands' descriptions.
 *
 * @throws {FormatError} naming the file, if it is truncated, corrupt or of an unsupported kind.
 */
export async function openGeoTiffCube(path: string, options: CubeOptions = {}): Promise<Cube> {
  const { maxValues } = options;
  const pages = await openRasterPages(path, maxValues === undefined ? {} : { maxValues });
  const first = pages[0] as Raster;
  const { width, height, epsg, crs, transform, dtype, nodata } = first;
  const isStack = first.bands === 1;
  const rasters = isStack
    ? pages.filter((page) => page.width === width && page.height === height && page.bands === 1)
    : [first];
  const metadata = rasters.flatMap((raster) => raster.bandMetadata);
  const bands = metadata.length;
  const names = rasters.length === 1 ? first.bandNames : metadata.map((items) => items.get("DESCRIPTION") ?? "");
  const column = (name: string): (number | undefined)[] => metadata.map((items) => parseItem(path, items, name));
  const wavelengths = wavelengthsOf(path, metadata, options.wavelengthUnit);
  const fwhm = wavelengths && complete(column("fwhm"));
  const stored = options.values === "stored";
  const scales = stored ? undefined : orUndefined(column("SCALE"), 1);
  const offsets = stored ? undefined : orUndefined(column("OFFSET"), 0);
  const isReflectance = scales?.every((scale) => REFLECTANCE_SCALES.includes(scale)) ?? false;
  const description: CubeDescription = {
    path,
    format: "GeoTIFF",
    height,
    width,
    bands,
    bandNames: uniqueBandNames(names, bands),
    dtype,
    ...(wavelengths && { wavelengthsNm: wavelengths.nm }),
    ...(fwhm && { fwhmNm: toNanometers(fwhm, wavelengths.factor) }),
    badBands: column("bbl").flatMap((mark, band) => (mark === 0 ? [band] : [])),
    ...(isReflectance && { unit: "reflectance" }),
    ...(scales && { scales }),
    ...(offsets && { offsets }),
    ...(nodata !== undefined && { nodata }),
    ...((epsg ?? crs ?? transform) !== undefined && {
      georeference: { ...(epsg && { epsg }), ...(crs && { crs }), ...(transform && { transform }) },
    }),
  };
  const read: WindowSource = async (window, selected) => {
    const values = isStack
      ? await readPages(rasters, window, selected)
      : await first.readWindow({ ...window, bands: selected });
    if (scales !== undefined || offsets !== undefined) calibrate(values, selected, scales, offsets);
    return values;
  };
  return makeCube(description, read, maxValues);
}

async function readPages(
  pages: readonly Raster[],
  window: Parameters<WindowSource>[0],
  selected: readonly number[],
): Promise<Float32Array> {
  const plane = window.height * window.width;
  const output = new Float32Array(selected.length * plane);
  for (const [position, page] of selected.entries())
    output.set(await (pages[page] as Raster).readWindow(window), position * plane);
  return output;
}

function calibrate(
  values: Float32Array,
  selected: readonly number[],
  scales: readonly number[] | undefined,
  offsets: readonly number[] | undefined,
): void {
  const plane = values.length / selected.length;
  for (const [position, band] of selected.entries()) {
    const [scale, offset] = [scales?.[band] ?? 1, offsets?.[band] ?? 0];
    for (let at = position * plane; at < (position + 1) * plane; at++)
      values[at] = (values[at] as number) * scale + offset;
  }
}

type Items = ReadonlyMap<string, string>;

function parseItem(path: string, items: Items, name: string): number | undefined {
  const text = items.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text === "" || !Number.isFinite(value))
    throw new FormatError(path, `a number for '${name}' of a band`, `'${text.slice(0, 40)}'`, "Correct its metadata.");
  return value;
}

/** The values if each band has one. */
function complete(values: readonly (number | undefined)[]): number[] | undefined {
  return values.every((value) => value !== undefined) ? (values as number[]) : undefined;
}

/** The values with a default for bands that have none; undefined if all are the default. */
function orUndefined(values: readonly (number | undefined)[], otherwise: number): number[] | undefined {
  const filled = values.map((value) => value ?? otherwise);
  return filled.every((value) => value === otherwise) ? undefined : filled;
}

function wavelengthsOf(
  path: string,
  metadata: readonly Items[],
  optionUnit: string | undefined,
): { nm: number[]; factor: number } | undefined {
  const described = metadata.map((items) => DESCRIBED_WAVELENGTH.exec(items.get("DESCRIPTION") ?? ""));
  const listed = complete(metadata.map((items) => parseItem(path, items, "wavelength")));
  const values = listed ?? complete(described.map((match) => match?.[1] && Number(match[1])) as (number | undefined)[]);
  if (values === undefined || !values.every(Number.isFinite)) return undefined;
  const unit = listed ? metadata[0]?.get("wavelength_units") : described[0]?.[2];
  const factor = nanometersPerUnit(path, unit, optionUnit, values);
  return factor === undefined ? undefined : { nm: toNanometers(values, factor), factor };
}
