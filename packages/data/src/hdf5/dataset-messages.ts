import type { Fields } from "./fields.js";

/** How chunks of a dataset are found. Addresses are Infinity where nothing was written yet. */
export type ChunkIndex =
  | { readonly kind: "btree1"; readonly address: number }
  | { readonly kind: "single"; readonly address: number; readonly bytes: number | undefined; readonly mask: number }
  | { readonly kind: "implicit"; readonly address: number }
  | { readonly kind: "fixedArray"; readonly address: number }
  | { readonly kind: "extensibleArray"; readonly address: number }
  | { readonly kind: "btree2"; readonly address: number };

export type Layout =
  | { readonly kind: "compact"; readonly data: Uint8Array }
  | { readonly kind: "contiguous"; readonly address: number }
  | { readonly kind: "chunked"; readonly chunkShape: readonly number[]; readonly index: ChunkIndex }
  | { readonly kind: "virtual" };

export interface Filter {
  readonly id: number;
  readonly values: readonly number[];
}

/** The shape of a dataspace; undefined for the null dataspace, which holds nothing. */
export function parseDataspace(fields: Fields): number[] | undefined {
  const version = fields.uint8();
  const rank = fields.uint8();
  fields.skip(1);
  if (version !== 1 && version !== 2) throw fields.broken("a dataspace of version 1 or 2", `version ${version}`);
  if (version === 1) fields.skip(5);
  else if (fields.uint8() === 2) return undefined;
  return Array.from({ length: rank }, () => fields.length());
}

/** Source: HDF5 File Format Specification 3.0, section IV.A.2.i. */
export function parseLayout(fields: Fields): Layout {
  const version = fields.uint8();
  if (version === 1 || version === 2) return parseOldLayout(fields);
  if (version < 3 || version > 5) throw fields.broken("a data layout of version 1 to 5", `version ${version}`);
  const kind = fields.uint8();
  if (kind === 0) return { kind: "compact", data: fields.take(fields.uint16()) };
  if (kind === 1) return { kind: "contiguous", address: fields.address() };
  if (kind === 3) return { kind: "virtual" };
  if (kind !== 2) throw fields.broken("a layout of class 0 to 3", `class ${kind}`);
  if (version === 3) {
    const rank = fields.uint8() - 1; // The last size is that of an element.
    const address = fields.address();
    return { kind: "chunked", chunkShape: readChunkShape(fields, rank, 4), index: { kind: "btree1", address } };
  }
  const flags = fields.uint8();
  const rank = fields.uint8() - 1;
  const chunkShape = readChunkShape(fields, rank, fields.uint8());
  return { kind: "chunked", chunkShape, index: parseChunkIndex(fields, flags) };
}

/** Reads the sizes of a chunk, and passes over the size of an element that follows them. */
function readChunkShape(fields: Fields, rank: number, sizeBytes: number): number[] {
  const shape = Array.from({ length: Math.max(rank, 0) }, () => fields.uint(sizeBytes));
  fields.skip(sizeBytes);
  if (rank < 1 || shape.some((size) => !(size > 0 && Number.isFinite(size))))
    throw fields.broken("chunks with sizes above 0", `[${shape.join(", ")}]`);
  return shape;
}

function parseChunkIndex(fields: Fields, flags: number): ChunkIndex {
  const type = fields.uint8();
  switch (type) {
    case 1: {
      const filtered = (flags & 2) !== 0;
      const bytes = filtered ? fields.length() : undefined;
      const mask = filtered ? fields.uint32() : 0;
      return { kind: "single", bytes, mask, address: fields.address() };
    }
    case 2:
      return { kind: "implicit", address: fields.address() };
    case 3:
      fields.skip(1);
      return { kind: "fixedArray", address: fields.address() };
    case 4:
      fields.skip(5);
      return { kind: "extensibleArray", address: fields.address() };
    case 5:
      fields.skip(6);
      return { kind: "btree2", address: fields.address() };
    default:
      throw fields.broken("a chunk index of type 1 to 5", `type ${type}`);
  }
}

function parseOldLayout(fields: Fields): Layout {
  const rank = fields.uint8();
  const kind = fields.uint8();
  fields.skip(5);
  const address = kind === 0 ? Infinity : fields.address();
  if (kind === 2)
    return { kind: "chunked", chunkShape: readChunkShape(fields, rank - 1, 4), index: { kind: "btree1", address } };
  fields.skip(4 * rank);
  return kind === 0 ? { kind: "compact", data: fields.take(fields.uint32()) } : { kind: "contiguous", address };
}

/** Source: HDF5 File Format Specification 3.0, section IV.A.2.l. */
export function parseFilters(fields: Fields): Filter[] {
  const version = fields.uint8();
  if (version !== 1 && version !== 2) throw fields.broken("a filter pipeline of version 1 or 2", `version ${version}`);
  const count = fields.uint8();
  if (version === 1) fields.skip(6);
  return Array.from({ length: count }, () => {
    const id = fields.uint16();
    const nameBytes = version === 1 || id >= 256 ? fields.uint16() : 0;
    fields.skip(2);
    const numValues = fields.uint16();
    fields.skip(version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
    const values = Array.from({ length: numValues }, () => fields.uint32());
    if (version === 1 && numValues % 2 === 1) fields.skip(4);
    return { id, values };
  });
}

/** One element's bytes for what was never written; undefined where none is declared. */
export function parseFillValue(fields: Fields): Uint8Array | undefined {
  const version = fields.uint8();
  if (version === 3) {
    const flags = fields.uint8();
    return (flags & 0x20) !== 0 ? fields.take(fields.uint32()) : undefined;
  }
  fields.skip(2);
  const defined = fields.uint8() !== 0 || version === 1;
  return defined && fields.left >= 4 ? fields.take(fields.uint32()) : undefined;
}
