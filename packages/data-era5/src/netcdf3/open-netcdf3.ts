import { FormatError } from "@graticule/core";
import type { ByteSource } from "@graticule/data";
import {
  itemBytesOf,
  product,
  readStrided,
  rowMajorStrides,
  type StoredDataset,
  type StoredVariable,
  type StridedLayout,
  toStoredValues,
} from "@graticule/data/arrays";
import { padding } from "./field-reader.js";
import { type Netcdf3Header, type Netcdf3Variable, readNetcdf3Header } from "./netcdf3-header.js";

const FORMAT_NAMES = { 1: "NetCDF-3 classic", 2: "NetCDF-3 64-bit offset", 5: "CDF-5" } as const;

/**
 * Opens a NetCDF classic, 64-bit offset or CDF-5 file. Regions are read from where they lie; the file is never held
 * whole.
 *
 * @throws {FormatError} naming file and field, if the header is broken.
 */
export async function openNetcdf3(source: ByteSource): Promise<StoredDataset> {
  const header = await readNetcdf3Header(source);
  const layout = layOutRecords(source, header);
  const variables: StoredVariable[] = [];
  const skipped: Record<string, string> = {};
  for (const variable of header.variables) {
    const { dtype } = variable;
    if (dtype === "char") {
      skipped[variable.name] = "it holds text";
      continue;
    }
    const shape = shapeOf(variable, header, layout.numRecords);
    const strides = rowMajorStrides(shape).map((stride) => stride * itemBytesOf(dtype));
    if (isRecord(variable, header)) strides[0] = layout.recordBytes;
    const place: StridedLayout = { offset: variable.begin, strides, itemBytes: itemBytesOf(dtype) };
    variables.push({
      name: variable.name,
      dims: variable.dimensionIds.map((id) => header.dimensions[id]?.name as string),
      shape,
      dtype,
      attributes: variable.attributes,
      read: async (region, into) =>
        toStoredValues(await readStrided(source, place, region, `variable '${variable.name}'`, into), dtype, false),
    });
  }
  const dimensions = Object.fromEntries(
    header.dimensions.map(({ name, length }) => [name, length === 0 ? layout.numRecords : length]),
  );
  return { format: FORMAT_NAMES[header.version], dimensions, variables, attributes: header.attributes, skipped };
}

function isRecord(variable: Netcdf3Variable, header: Netcdf3Header): boolean {
  const first = variable.dimensionIds[0];
  return first !== undefined && header.dimensions[first]?.length === 0;
}

function shapeOf(variable: Netcdf3Variable, header: Netcdf3Header, numRecords: number): number[] {
  return variable.dimensionIds.map((id) => header.dimensions[id]?.length || numRecords);
}

/** The distance between records, and how many there are. */
function layOutRecords(source: ByteSource, header: Netcdf3Header): { recordBytes: number; numRecords: number } {
  const records = header.variables.filter((variable) => isRecord(variable, header));
  const sizes = records.map(
    (variable) => product(shapeOf(variable, header, 1)) * (variable.dtype === "char" ? 1 : itemBytesOf(variable.dtype)),
  );
  // Records of the only record variable are not padded.
  const recordBytes =
    sizes.length === 1 ? (sizes[0] as number) : sizes.reduce((sum, size) => sum + size + padding(size), 0);
  if (!Number.isSafeInteger(recordBytes))
    throw new FormatError(source.uri, "a record of less than 2⁵³ bytes", `${recordBytes}`, "The file is corrupt.");
  const begin = records.reduce((least, variable) => Math.min(least, variable.begin), source.size);
  const numRecords =
    header.numRecords ?? (recordBytes === 0 ? 0 : Math.max(0, Math.floor((source.size - begin) / recordBytes)));
  return { recordBytes, numRecords };
}
