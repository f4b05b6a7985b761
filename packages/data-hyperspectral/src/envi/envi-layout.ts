import { FormatError } from "@graticule/core";
import { itemBytesOf, type StoredDtype } from "@graticule/data/arrays";
import type { StridedLayout } from "../strided/strided-layout.js";
import { type EnviFields, numberField } from "./envi-header.js";

/** ENVI's numbers for its data types. Source: NV5 Geospatial, "ENVI Header Files". */
const DATA_TYPES: Readonly<Record<number, StoredDtype>> = {
  1: "uint8",
  2: "int16",
  3: "int32",
  4: "float32",
  5: "float64",
  12: "uint16",
  13: "uint32",
  14: "int64",
  15: "uint64",
};
const COMPLEX_TYPES = [6, 9];
/** File types that are not rows of numbers. */
const OTHER_FILE_TYPE = /tiff|nitf|hdf|jpeg|jp2|compressed|virtual|meta/i;

export interface EnviLayout extends StridedLayout {
  readonly height: number;
  readonly width: number;
  readonly bands: number;
}

/**
 * Reads and checks how an ENVI file's values lie.
 *
 * @param data the data file, for messages. @param dataBytes its size.
 *
 * @throws {FormatError} naming the field, if one is missing or wrong, or the data file is too short.
 */
export function parseEnviLayout(header: string, fields: EnviFields, data: string, dataBytes: number): EnviLayout {
  const [height, width, bands] = ["lines", "samples", "bands"].map((name) => {
    const value = numberField(header, fields, name);
    if (value === undefined || !(Number.isSafeInteger(value) && value > 0))
      throw new FormatError(header, `a whole '${name}' above zero`, `${value ?? "none"}`, "Correct the header.");
    return value;
  }) as [number, number, number];
  const dtype = parseDataType(header, fields);
  const order = numberField(header, fields, "byte order") ?? 0;
  if (order !== 0 && order !== 1)
    throw new FormatError(
      header,
      "'byte order' 0 (little-endian) or 1 (big-endian)",
      `${order}`,
      "Correct the header.",
    );
  const offset = numberField(header, fields, "header offset") ?? 0;
  if (!(Number.isSafeInteger(offset) && offset >= 0))
    throw new FormatError(header, "a whole 'header offset' from zero", `${offset}`, "Correct the header.");
  const count = height * width * bands;
  if (!(offset + count * itemBytesOf(dtype) <= dataBytes))
    throw new FormatError(
      data,
      `${offset + count * itemBytesOf(dtype)} bytes for ${width} samples, ${height} lines and ${bands} bands of ${dtype} after ${offset} bytes`,
      `${dataBytes}`,
      "The file is truncated, or its header belongs to another.",
    );
  const strides = interleaveStrides(header, fields, height, width, bands);
  return { height, width, bands, dtype, littleEndian: order === 0, offset, strides, count };
}

function parseDataType(header: string, fields: EnviFields): StoredDtype {
  const fileType = fields.get("file type") ?? "";
  const isCompressed = (numberField(header, fields, "file compression") ?? 0) !== 0;
  if (isCompressed || OTHER_FILE_TYPE.test(fileType))
    throw new FormatError(
      header,
      "plain ENVI data",
      isCompressed ? "'file compression' other than 0" : `'file type' ${fileType.slice(0, 40)}`,
      "Write it anew as ENVI Standard: gdal_translate -of ENVI.",
    );
  for (const name of ["major frame offsets", "minor frame offsets"])
    if (/[1-9]/.test(fields.get(name) ?? ""))
      throw new FormatError(
        header,
        `no '${name}'`,
        `{${(fields.get(name) as string).slice(0, 40)}}`,
        "Write it anew as ENVI Standard: gdal_translate -of ENVI.",
      );
  const code = numberField(header, fields, "data type");
  const dtype = code === undefined ? undefined : DATA_TYPES[code];
  if (dtype !== undefined) return dtype;
  throw new FormatError(
    header,
    `'data type' ${Object.keys(DATA_TYPES).join(", ")}`,
    code !== undefined && COMPLEX_TYPES.includes(code) ? `${code}, complex numbers` : `${code ?? "none"}`,
    "Write it anew with real numbers.",
  );
}

function interleaveStrides(
  header: string,
  fields: EnviFields,
  height: number,
  width: number,
  bands: number,
): StridedLayout["strides"] {
  const interleave = fields.get("interleave")?.toLowerCase();
  switch (interleave) {
    case "bsq":
      return { band: height * width, row: width, column: 1 };
    case "bil":
      return { row: bands * width, band: width, column: 1 };
    case "bip":
      return { row: bands * width, column: bands, band: 1 };
  }
  throw new FormatError(
    header,
    "'interleave' bsq, bil or bip",
    `${interleave === undefined ? "none" : `'${interleave.slice(0, 40)}'`}`,
    "Correct the header.",
  );
}
