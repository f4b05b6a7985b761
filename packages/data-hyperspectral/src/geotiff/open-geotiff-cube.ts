import { FormatError } from "@graticule/core";
import { openRasterImages, type Raster } from "@graticule/data-geotiff";
import type { Cube, CubeDescription, CubeOptions, WindowSource } from "../cube.js";
import { makeCube, uniqueBandNames } from "../make-cube.js";
import { nanometersPerUnit, toNanometers } from "../wavelength-unit.js";

/** `band 1 (418.24 Nanometers)`, as EnMAP's and GDAL's ENVI bands are described. */
const DESCRIBED_WAVELENGTH = /([\d.]+)\s*(nanometers|micrometers|nm|um|µm)\b/i;
/** A reflectance scale is a power of ten below one. */
const REFLECTANCE_SCALES = [1e-2, 1e-3, 1e-4, 1e-5];

/**
 * Opens a GeoTIFF as a cube: the bands of its image, pixel or band interleaved, or its pages of one band each; pages of
 * another size are left out. Wavelengths, widths, bad bands, scales and offsets come from GDAL's metadata of
 * each band, or wavelengths from the bands' descriptions.
 *
 * @throws {FormatError} naming the file, if it is truncated, corrupt or of an unsupported kind.
 */
export async function openGeoTiffCube(path: string, options: CubeOptions = {}): Promise<Cube> {
  const { maxValues } = options;
  const stored = options.values === "stored";
  const pages = await openRasterImages(path, { applyScale: !stored, ...(maxValues && { maxValues }) });
  const first = pages[0] as Raster;
  const { width, height, epsg, citation, crs, transform, dtype, nodata } = first;
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
  const scales = stored
    ? undefined
    : unlessAll(
        1,
        rasters.flatMap((raster) => raster.scales),
      );
  const offsets = stored
    ? undefined
    : unlessAll(
        0,
        rasters.flatMap((raster) => raster.offsets),
      );
  const isReflectance = scales?.every((scale) => REFLECTANCE_SCALES.includes(scale)) ?? false;
  const description: CubeDescription = {
    path,
    format: "GeoTIFF",
    height,
    width,
    bands,
    bandNames: uniqueBandNames(path, names, bands),
    dtype,
    ...(wavelengths && { wavelengthsNm: wavelengths.nm }),
    ...(fwhm && { fwhmNm: toNanometers(fwhm, wavelengths.factor) }),
    badBands: column("bbl").flatMap((mark, band) => (mark === 0 ? [band] : [])),
    ...(isReflectance && { unit: "reflectance" }),
    ...(scales && { scales }),
    ...(offsets && { offsets }),
    ...(nodata !== undefined && { nodata }),
    ...((epsg ?? crs ?? transform) !== undefined && {
      georeference: { ...(epsg && { epsg }), ...(crs && { crs: crs.definition }), ...(transform && { transform }) },
    }),
    georeference: {
      ...(epsg && { epsg }),
      ...(citation && { citation }),
      ...(crs && { crs }),
      ...(transform && { transform }),
    },
  };
  const read: WindowSource = (window, selected) =>
    isStack ? readPages(rasters, window, selected) : first.readWindow({ ...window, bands: selected });
  return makeCube(description, read, { maxValues, close: () => first.close() });
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

/** The values; undefined if all of them are the one that changes nothing. */
function unlessAll(neutral: number, values: readonly number[]): readonly number[] | undefined {
  return values.every((value) => value === neutral) ? undefined : values;
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
