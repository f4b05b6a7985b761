import { FormatError } from "@graticule/core";
import { itemBytesOf } from "@graticule/data/arrays";
import type { ByteReader } from "../byte-reader.js";
import type { MatArray } from "./mat-array.js";
import {
  COMPRESSED_ELEMENT,
  ELEMENT_TYPES,
  type ElementTag,
  MATRIX_ELEMENT,
  parseElementTag,
  unpackPrefix,
} from "./mat-element.js";

/** A variable of a MATLAB v5 file and where its numbers lie. */
export interface Mat5Array extends MatArray {
  /** Where the variable's matrix element starts in the file, or where its zlib stream does. Units: bytes. */
  readonly at: number;
  /** Length of the zlib stream; undefined for a variable that isn't compressed. Units: bytes. */
  readonly packedLength: number | undefined;
  /** Where the numbers start, from the start of the matrix element. Units: bytes. */
  readonly dataAt: number;
}

const HEADER_BYTES = 128;
const ENDIAN_AT = 126;
/** Enough of a matrix element for flags, dims, name and the tag of its numbers. */
const PREFIX_BYTES = 1024;
/** Far more than any real file's. */
const MAX_VARIABLES = 10_000;
const MAX_DIMS = 32;
const COMPLEX_FLAG = 0x0800;
const CLASS_NAMES =
  ",cell,struct,object,char,sparse,double,single,int8,uint8,int16,uint16,int32,uint32,int64,uint64".split(",");
const FIRST_NUMERIC_CLASS = 6;

/**
 * Lists the variables of a MATLAB v5 file (`save -v6`, `-v7`) without reading their numbers.
 *
 * Source: MathWorks, "MAT-File Format", chapter 1.
 *
 * @throws {FormatError} naming the offset, if the file is truncated or corrupt.
 */
export async function listMat5Variables(file: ByteReader): Promise<{ littleEndian: boolean; variables: Mat5Array[] }> {
  const header = file.read(0, HEADER_BYTES, "the header");
  const mark = header.toString("latin1", ENDIAN_AT, HEADER_BYTES);
  if (mark !== "IM" && mark !== "MI")
    throw new FormatError(
      file.path,
      "the endian mark IM or MI at byte 126 of a MATLAB v5 file",
      JSON.stringify(mark),
      "Save it with MATLAB's -v7 or -v7.3.",
    );
  const littleEndian = mark === "IM";
  const variables: Mat5Array[] = [];
  for (let at = HEADER_BYTES; at + 8 <= file.size; ) {
    if (variables.length === MAX_VARIABLES)
      throw new FormatError(file.path, `at most ${MAX_VARIABLES} variables`, "more", "The file is corrupt.");
    const tag = parseElementTag(viewOf(file.read(at, 8, "an element's tag")), 0, littleEndian);
    const next = tag.type === COMPRESSED_ELEMENT ? at + tag.dataAt + tag.length : at + tag.nextAt;
    if (at + tag.dataAt + tag.length > file.size)
      throw new FormatError(
        file.path,
        `an element of ${tag.length} bytes at ${at}`,
        `a file of ${file.size} bytes`,
        "The file is truncated or corrupt.",
      );
    if (tag.type === COMPRESSED_ELEMENT) {
      const start = file.read(at + 8, Math.min(tag.length, PREFIX_BYTES), "a compressed variable");
      const prefix = await unpackPrefix(file.path, start, at);
      variables.push(parseMatrix(file.path, viewOf(prefix), littleEndian, at + 8, tag.length));
    } else if (tag.type === MATRIX_ELEMENT) {
      const prefix = file.read(at, Math.min(tag.dataAt + tag.length, PREFIX_BYTES), "a variable");
      variables.push(parseMatrix(file.path, viewOf(prefix), littleEndian, at, undefined));
    }
    at = next;
  }
  return { littleEndian, variables };
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Parses a matrix element's start: array flags, dims, name, tag of the numbers. */
function parseMatrix(
  path: string,
  bytes: DataView,
  littleEndian: boolean,
  at: number,
  packedLength: number | undefined,
): Mat5Array {
  const corrupt = (expected: string, got: string): FormatError =>
    new FormatError(path, `${expected} in the variable at ${at}`, got, "The file is truncated or corrupt.");
  const tagAt = (position: number, what: string): ElementTag => {
    if (position + 8 > bytes.byteLength) throw corrupt(what, "its end");
    const tag = parseElementTag(bytes, position, littleEndian);
    return tag;
  };
  const inside = (position: number, length: number, what: string): number => {
    if (position + length > bytes.byteLength) throw corrupt(what, `its end after ${bytes.byteLength} bytes`);
    return position;
  };
  const matrix = tagAt(0, "a matrix");
  if (matrix.type !== MATRIX_ELEMENT) throw corrupt(`element type ${MATRIX_ELEMENT}`, `${matrix.type}`);
  if (matrix.length === 0) return { name: "", className: "empty", dims: [0, 0], at, packedLength, dataAt: 0 };
  const flagsTag = tagAt(matrix.dataAt, "array flags");
  const flags = bytes.getUint32(inside(matrix.dataAt + flagsTag.dataAt, 4, "array flags"), littleEndian);
  const className = CLASS_NAMES[flags & 0xff] || `class ${flags & 0xff}`;

  const dimsAt = matrix.dataAt + flagsTag.nextAt;
  const dimsTag = tagAt(dimsAt, "dims");
  const numDims = dimsTag.length / 4;
  if (!(Number.isInteger(numDims) && numDims >= 2 && numDims <= MAX_DIMS))
    throw corrupt(`2 to ${MAX_DIMS} dims`, `${numDims}`);
  inside(dimsAt + dimsTag.dataAt, dimsTag.length, "dims");
  const dims = Array.from({ length: numDims }, (_, dim) =>
    bytes.getInt32(dimsAt + dimsTag.dataAt + 4 * dim, littleEndian),
  );

  const nameAt = dimsAt + dimsTag.nextAt;
  const nameTag = tagAt(nameAt, "a name");
  const nameStart = inside(nameAt + nameTag.dataAt, nameTag.length, "a name");
  const name = Buffer.from(bytes.buffer, bytes.byteOffset + nameStart, nameTag.length).toString("latin1");
  const isReal = (flags & 0xff) >= FIRST_NUMERIC_CLASS && (flags & COMPLEX_FLAG) === 0;
  const listed: Mat5Array = { name, className, dims, at, packedLength, dataAt: 0 };
  if (!isReal || className.startsWith("class")) return listed;

  const numbersAt = nameAt + nameTag.nextAt;
  const numbers = tagAt(numbersAt, `the numbers of '${name}'`);
  const dtype = ELEMENT_TYPES[numbers.type];
  if (dtype === undefined) throw corrupt(`a number type for '${name}'`, `${numbers.type}`);
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (dims.some((dim) => dim < 0) || count * itemBytesOf(dtype) !== numbers.length)
    throw corrupt(`${dims.join(" · ")} values of ${dtype} for '${name}'`, `${numbers.length} bytes`);
  const dataAt = numbersAt + numbers.dataAt;
  if (packedLength === undefined && dataAt + numbers.length > matrix.dataAt + matrix.length)
    throw corrupt(`${numbers.length} bytes for '${name}'`, `an element of ${matrix.length}`);
  return { ...listed, dtype, dataAt };
}
