import { open } from "node:fs/promises";
import { ShapeError } from "@graticule/core";
import { itemBytesOf, product, type StoredDtype, type StoredValues } from "@graticule/data/arrays";
import type { AttributeValue } from "../gridded-dataset.js";
import { padding } from "./field-reader.js";
import { type HeaderVariable, writeNetcdf3Header } from "./netcdf3-header-writer.js";

/** A variable to be written. */
export interface NetcdfVariable {
  readonly dims: readonly string[];
  /** Values, row-major over `dims`; in pieces where they are too many to be held. The first piece tells the type. */
  readonly data: StoredValues | AsyncIterable<StoredValues>;
  /** The type of values that come in pieces; float32 if absent. */
  readonly dtype?: StoredDtype;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A NetCDF file to be written. */
export interface NetcdfContent {
  readonly dimensions: Readonly<Record<string, number>>;
  readonly variables: Readonly<Record<string, NetcdfVariable>>;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

const MOST_OFFSET_BYTES = 2 ** 32 - 4;
const WRITE_BYTES = 2 ** 22;

/**
 * Writes a NetCDF-3 file with fixed dimensions: 64-bit offset, or CDF-5 where a variable is larger than 4 GiB or of a
 * type that needs it. Whole numbers among attributes become integers, others doubles; `_FillValue` takes its
 * variable's type.
 *
 * Source: "The NetCDF Classic Format Specification".
 *
 * @throws {ShapeError} if a variable's values are not as many as its dimensions say.
 */
export async function writeNetcdf(path: string, content: NetcdfContent): Promise<void> {
  const entries = Object.entries(content.variables);
  const variables = entries.map(([name, variable]) => describe(name, variable, content.dimensions));
  const isWide = variables.some(
    ({ dtype, bytes }) => bytes > MOST_OFFSET_BYTES || ["uint8", "uint16", "uint32"].includes(dtype),
  );
  const header = writeNetcdf3Header({ ...content, variables }, isWide ? 5 : 2);
  const file = await open(path, "w");
  try {
    await file.write(header);
    for (const [index, [name, { data }]] of entries.entries()) {
      const { dtype, bytes } = variables[index] as HeaderVariable;
      let written = 0;
      for await (const piece of ArrayBuffer.isView(data) ? [data] : data) {
        if (dtypeOf(piece) !== dtype)
          throw new ShapeError(`writeNetcdf: '${name}'`, `values of type ${dtype}`, dtypeOf(piece), "Convert them.");
        written += piece.byteLength;
        if (written > bytes) break;
        for (let at = 0; at < piece.byteLength; at += WRITE_BYTES)
          await file.write(toBigEndian(piece, at, Math.min(piece.byteLength, at + WRITE_BYTES)));
      }
      if (written !== bytes)
        throw new ShapeError(
          `writeNetcdf: '${name}'`,
          `${bytes / itemBytesOf(dtype)} values`,
          `${written > bytes ? "more" : written / itemBytesOf(dtype)}`,
          "Check its dimensions.",
        );
      await file.write(new Uint8Array(padding(bytes)));
    }
  } finally {
    await file.close();
  }
}

function describe(
  name: string,
  { dims, data, dtype, attributes = {} }: NetcdfVariable,
  dimensions: Readonly<Record<string, number>>,
): HeaderVariable {
  const sizes = dims.map((dim) => {
    const size = dimensions[dim];
    if (size === undefined)
      throw new ShapeError(
        `writeNetcdf: '${name}'`,
        `dimensions among ${Object.keys(dimensions).join(", ")}`,
        `'${dim}'`,
        "Declare it.",
      );
    return size;
  });
  const type = ArrayBuffer.isView(data) ? dtypeOf(data) : (dtype ?? "float32");
  return { name, dims, dtype: type, attributes, bytes: product(sizes) * itemBytesOf(type) };
}

function dtypeOf(values: StoredValues): StoredDtype {
  return values.constructor.name.replace("Array", "").toLowerCase() as StoredDtype;
}

/** The bytes `[from, to)` of values, most significant first. */
function toBigEndian(values: StoredValues, from: number, to: number): Uint8Array {
  const bytes = Buffer.from(new Uint8Array(values.buffer, values.byteOffset + from, to - from));
  if (values.BYTES_PER_ELEMENT === 2) return bytes.swap16();
  if (values.BYTES_PER_ELEMENT === 4) return bytes.swap32();
  return values.BYTES_PER_ELEMENT === 8 ? bytes.swap64() : bytes;
}
