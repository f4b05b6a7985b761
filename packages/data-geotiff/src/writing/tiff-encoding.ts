/** TIFF field types that the writer uses. */
export const TYPES = { ascii: 2, short: 3, long: 4, double: 12, long8: 16 } as const;

type FieldType = (typeof TYPES)[keyof typeof TYPES];

const TYPE_BYTES: Readonly<Record<FieldType, number>> = { 2: 1, 3: 2, 4: 4, 12: 8, 16: 8 };

/** One field of a directory; texts are `ascii`, and their closing zero is added. */
export interface TiffField {
  readonly tag: number;
  readonly type: FieldType;
  readonly values: string | ArrayLike<number>;
}

/** The parts of classic TIFF and BigTIFF that differ in size. Units: bytes. */
interface Sizes {
  readonly header: number;
  readonly count: number;
  readonly entry: number;
  readonly inline: number;
}

const CLASSIC: Sizes = { header: 8, count: 2, entry: 12, inline: 4 };
const BIG: Sizes = { header: 16, count: 8, entry: 20, inline: 8 };

/**
 * Writes a little-endian file's start: signature, structural metadata, then the directories, each followed by its long
 * values. Tile offsets may be placeholders: only their number decides the length.
 *
 * Source: TIFF 6.0, section 2; BigTIFF as libtiff has it.
 */
export function encodeTiffStart(
  directories: readonly (readonly TiffField[])[],
  structuralMetadata: string,
  big: boolean,
): Uint8Array {
  const sizes = big ? BIG : CLASSIC;
  let end = even(sizes.header + structuralMetadata.length);
  const starts = directories.map((fields) => {
    const start = end;
    end = start + sizes.count + fields.length * sizes.entry + sizes.inline;
    for (const field of fields) if (valueBytes(field) > sizes.inline) end = even(end + valueBytes(field));
    return start;
  });
  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  const wide = (at: number, value: number): void =>
    big ? view.setBigUint64(at, BigInt(value), true) : view.setUint32(at, value, true);
  view.setUint16(0, 0x4949, true);
  view.setUint16(2, big ? 43 : 42, true);
  if (big) view.setUint16(4, 8, true);
  wide(big ? 8 : 4, starts[0] as number);
  bytes.set(new TextEncoder().encode(structuralMetadata), sizes.header);
  for (const [index, fields] of directories.entries()) {
    let at = starts[index] as number;
    let spill = at + sizes.count + fields.length * sizes.entry + sizes.inline;
    if (big) wide(at, fields.length);
    else view.setUint16(at, fields.length, true);
    at += sizes.count;
    for (const field of [...fields].sort((a, b) => a.tag - b.tag)) {
      const length = valueBytes(field);
      view.setUint16(at, field.tag, true);
      view.setUint16(at + 2, field.type, true);
      wide(at + 4, length / TYPE_BYTES[field.type]);
      const valueAt = at + (big ? 12 : 8);
      if (length <= sizes.inline) writeValues(view, valueAt, field);
      else {
        wide(valueAt, spill);
        writeValues(view, spill, field);
        spill = even(spill + length);
      }
      at += sizes.entry;
    }
    wide(at, starts[index + 1] ?? 0);
  }
  return bytes;
}

function even(offset: number): number {
  return offset + (offset % 2);
}

function valueBytes({ type, values }: TiffField): number {
  return typeof values === "string" ? new TextEncoder().encode(values).length + 1 : values.length * TYPE_BYTES[type];
}

function writeValues(view: DataView, at: number, { type, values }: TiffField): void {
  if (typeof values === "string") {
    new Uint8Array(view.buffer).set(new TextEncoder().encode(values), at);
    return;
  }
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    const to = at + index * TYPE_BYTES[type];
    if (type === TYPES.short) view.setUint16(to, value, true);
    else if (type === TYPES.long) view.setUint32(to, value, true);
    else if (type === TYPES.long8) view.setBigUint64(to, BigInt(value), true);
    else view.setFloat64(to, value, true);
  }
}
