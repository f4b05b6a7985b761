/** What a test TIFF is made of; pixels are `[height, width, bands]`. */
export interface TestTiff {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly pixels: readonly number[];
  readonly bits?: number;
  /** 1 unsigned, 2 signed, 3 float. */
  readonly format?: number;
  readonly littleEndian?: boolean;
  readonly big?: boolean;
  readonly planar?: boolean;
  readonly rowsPerStrip?: number;
  readonly compression?: number;
  readonly compress?: (block: Uint8Array) => Uint8Array;
  /** More tags, or others in place of these: tag → [type, values]. */
  readonly tags?: Readonly<Record<number, readonly [type: number, values: readonly number[] | string]>>;
}

const ASCII = 2;
const SHORT = 3;
const LONG = 4;
const DOUBLE = 12;
const LONG8 = 16;
const TYPE_BYTES: Readonly<Record<number, number>> = { [ASCII]: 1, [SHORT]: 2, [LONG]: 4, [DOUBLE]: 8, [LONG8]: 8 };

/** Writes a small striped TIFF, so that tests know every pixel and every byte. */
export function writeTiff(tiff: TestTiff): Uint8Array {
  const { width, height, bands, bits = 8, format = 1, littleEndian = true, big = false, planar = false } = tiff;
  const { rowsPerStrip = height, compression = 1, compress = (block) => block } = tiff;
  const headerBytes = big ? 16 : 8;
  const strips = Math.ceil(height / rowsPerStrip);
  const blocks = Array.from({ length: strips * (planar ? bands : 1) }, (_, block) => {
    const rows = Math.min(rowsPerStrip, height - (block % strips) * rowsPerStrip);
    const first = (block % strips) * rowsPerStrip * width;
    const values: number[] = [];
    for (let pixel = first; pixel < first + rows * width; pixel++)
      for (let band = 0; band < (planar ? 1 : bands); band++)
        values.push(tiff.pixels[pixel * bands + (planar ? Math.floor(block / strips) : band)] as number);
    return compress(pack(values, bits, format, littleEndian));
  });
  let offset = headerBytes;
  const offsets = blocks.map((block) => {
    const at = offset;
    offset += block.length + (block.length % 2);
    return at;
  });
  const tags: Record<number, readonly [number, readonly number[] | string]> = {
    256: [LONG, [width]],
    257: [LONG, [height]],
    258: [SHORT, new Array(bands).fill(bits)],
    259: [SHORT, [compression]],
    262: [SHORT, [1]],
    273: [big ? LONG8 : LONG, offsets],
    277: [SHORT, [bands]],
    278: [LONG, [rowsPerStrip]],
    279: [LONG, blocks.map((block) => block.length)],
    284: [SHORT, [planar ? 2 : 1]],
    339: [SHORT, new Array(bands).fill(format)],
    ...tiff.tags,
  };
  const entries = Object.entries(tags);
  const [countBytes, entryBytes, inlineBytes] = big ? [8, 20, 8] : [2, 12, 4];
  const directoryBytes = countBytes + entries.length * entryBytes + inlineBytes;
  const valueBytes = entries.reduce(
    (sum, [, [type, values]]) => sum + values.length * (TYPE_BYTES[type] as number) + 8,
    0,
  );
  const bytes = new Uint8Array(offset + directoryBytes + valueBytes);
  const view = new DataView(bytes.buffer);
  const wide = (at: number, value: number) =>
    big ? view.setBigUint64(at, BigInt(value), littleEndian) : view.setUint32(at, value, littleEndian);
  bytes.set(littleEndian ? [0x49, 0x49] : [0x4d, 0x4d]);
  view.setUint16(2, big ? 43 : 42, littleEndian);
  if (big) view.setUint16(4, 8, littleEndian);
  wide(big ? 8 : 4, offset);
  for (const [index, block] of blocks.entries()) bytes.set(block, offsets[index]);
  let at = offset;
  let spill = offset + directoryBytes;
  if (big) wide(at, entries.length);
  else view.setUint16(at, entries.length, littleEndian);
  at += countBytes;
  for (const [tag, [type, values]] of entries) {
    view.setUint16(at, Number(tag), littleEndian);
    view.setUint16(at + 2, type, littleEndian);
    wide(at + 4, values.length);
    const size = TYPE_BYTES[type] as number;
    const inline = values.length * size <= inlineBytes;
    const valueAt = at + (big ? 12 : 8);
    if (!inline) wide(valueAt, spill);
    Array.from<number | string>(values).forEach((value, index) => {
      writeNumber(
        view,
        (inline ? valueAt : spill) + index * size,
        type,
        Number(typeof value === "string" ? value.charCodeAt(0) : value),
        littleEndian,
      );
    });
    if (!inline) spill += values.length * size + ((values.length * size) % 2);
    at += entryBytes;
  }
  return bytes.slice(0, Math.max(spill, at + inlineBytes));
}

function writeNumber(view: DataView, at: number, type: number, value: number, littleEndian: boolean): void {
  if (type === ASCII) view.setUint8(at, value);
  else if (type === SHORT) view.setUint16(at, value, littleEndian);
  else if (type === LONG) view.setUint32(at, value, littleEndian);
  else if (type === DOUBLE) view.setFloat64(at, value, littleEndian);
  else view.setBigUint64(at, BigInt(value), littleEndian);
}

function pack(values: readonly number[], bits: number, format: number, littleEndian: boolean): Uint8Array {
  const size = bits / 8;
  const view = new DataView(new ArrayBuffer(values.length * size));
  for (const [index, value] of values.entries()) {
    const at = index * size;
    if (format === 3 && bits === 32) view.setFloat32(at, value, littleEndian);
    else if (format === 3) view.setFloat64(at, value, littleEndian);
    else if (bits === 8) view.setUint8(at, value);
    else if (bits === 16) view.setUint16(at, value, littleEndian);
    else view.setUint32(at, value, littleEndian);
  }
  return new Uint8Array(view.buffer);
}

/** Joins classic little-endian TIFFs of one image to one of many, in the order given. */
export function joinTiffs(tiffs: readonly Uint8Array[]): Uint8Array {
  const OFFSET_TAGS = [273];
  const joined = new Uint8Array(tiffs.reduce((sum, tiff) => sum + tiff.length + (tiff.length % 2), 0));
  const view = new DataView(joined.buffer);
  let base = 0;
  let link = 4;
  for (const tiff of tiffs) {
    joined.set(tiff, base);
    const directory = base + view.getUint32(base + 4, true);
    const count = view.getUint16(directory, true);
    view.setUint32(link, directory, true);
    for (let at = directory + 2; at < directory + 2 + count * 12; at += 12) {
      const [tag, type, length] = [
        view.getUint16(at, true),
        view.getUint16(at + 2, true),
        view.getUint32(at + 4, true),
      ];
      const isInline = (TYPE_BYTES[type] as number) * length <= 4;
      if (!isInline) view.setUint32(at + 8, view.getUint32(at + 8, true) + base, true);
      if (!OFFSET_TAGS.includes(tag)) continue;
      const values = isInline ? at + 8 : view.getUint32(at + 8, true);
      for (let index = 0; index < length; index++)
        view.setUint32(values + index * 4, view.getUint32(values + index * 4, true) + base, true);
    }
    link = directory + 2 + count * 12;
    base += tiff.length + (tiff.length % 2);
  }
  return joined;
}
