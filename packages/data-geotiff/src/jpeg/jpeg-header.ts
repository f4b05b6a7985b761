/** What a JPEG says of itself before its first scan. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** 1 for gray, 3 for color. */
  readonly components: 1 | 3;
  /** How `decodeJpeg` reads its one scan; undefined for what it doesn't know, such as progressive ones. */
  readonly scan: JpegScan | undefined;
}

/** The scan of a baseline JPEG. Units: places in bytes from the file's start. */
export interface JpegScan {
  /** Of each component: where its quantization table's 64 values lie, whether they take two bytes, and its Huffman tables. */
  readonly components: readonly {
    readonly quantization: number;
    readonly isWide: boolean;
    readonly dc: number;
    readonly ac: number;
  }[];
  /** Where the counts and symbols of Huffman tables lie: DC by slots 0 to 3, AC by 4 to 7. */
  readonly huffman: ReadonlyMap<number, number>;
  /** Luma blocks of a unit of the scan, `[down, across]`; chroma has one. */
  readonly luma: readonly [down: number, across: number];
  /** Whether colors are stored as luma and chroma, or as red, green and blue. */
  readonly isYcc: boolean;
  /** Units between restart markers; 0 for none. */
  readonly restartInterval: number;
  readonly start: number;
}

const [START_OF_IMAGE, DHT, SOS, DQT, DRI, APP0, APP14] = [0xffd8, 0xc4, 0xda, 0xdb, 0xdd, 0xe0, 0xee];
/** Frames of Huffman coding: baseline, extended, progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2];
const PROGRESSIVE = 0xc2;

interface Frame {
  readonly height: number;
  readonly width: number;
  readonly components: readonly { id: number; across: number; down: number; quantization: number }[];
  readonly isProgressive: boolean;
}

/**
 * Reads a JPEG of gray or color pixels, 8 bits each, up to its first scan; undefined for anything else, and where the
 * bytes end before.
 *
 * Source: ITU-T T.81, B.2; T.871 (JFIF); Adobe Technical Note 5116.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== START_OF_IMAGE) return undefined;
  const quantization = new Map<number, { at: number; isWide: boolean }>();
  const huffman = new Map<number, number>();
  let restartInterval = 0;
  let colors: { isJfif: boolean; adobe: number | undefined } = { isJfif: false, adobe: undefined };
  let frame: Frame | undefined;
  for (let at = 2; at + 4 <= bytes.length; ) {
    const code = bytes[at + 1] as number;
    if (bytes[at] !== 0xff) return undefined;
    if (code === 0xff) {
      at += 1; // Filling before a marker.
      continue;
    }
    const end = at + 2 + view.getUint16(at + 2);
    const body = at + 4;
    if (code < 0xc0 || (code >= 0xd0 && code <= 0xd9) || end < body || end > bytes.length) return undefined;
    if (code === DQT && !readQuantization(bytes, body, end, quantization)) return undefined;
    else if (code === DHT && !readHuffman(bytes, body, end, huffman)) return undefined;
    else if (code === DRI && end - body >= 2) restartInterval = view.getUint16(body);
    else if (code === APP0 && startsWith(bytes, body, "JFIF\0")) colors = { ...colors, isJfif: true };
    else if (code === APP14 && startsWith(bytes, body, "Adobe") && end - body >= 12)
      colors = { ...colors, adobe: bytes[body + 11] };
    else if (FRAMES.includes(code)) {
      if (frame !== undefined) return undefined;
      frame = readFrame(view, body, end, code === PROGRESSIVE);
      if (frame === undefined) return undefined;
    } else if (code >= 0xc3 && code <= 0xcf && code !== DHT) return undefined;
    else if (code === SOS) {
      if (frame === undefined) return undefined;
      const { width, height } = frame;
      const ids = frame.components.map(({ id }) => id);
      const found = readScan(bytes, body, end, frame, quantization, huffman);
      const scan = found && { ...found, huffman, isYcc: isYcc(ids, colors), restartInterval, start: end };
      return { width, height, components: ids.length as 1 | 3, scan };
    }
    at = end;
  }
  return undefined;
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  return [...text].every((letter, index) => bytes[at + index] === letter.charCodeAt(0));
}

function readQuantization(
  bytes: Uint8Array,
  from: number,
  end: number,
  tables: Map<number, { at: number; isWide: boolean }>,
): boolean {
  for (let at = from; at < end; ) {
    const kind = bytes[at] as number;
    const isWide = kind >> 4 !== 0;
    if ((kind & 15) > 3 || kind >> 4 > 1) return false;
    tables.set(kind & 15, { at: at + 1, isWide });
    at += 1 + (isWide ? 128 : 64);
    if (at > end) return false;
  }
  return true;
}

function readHuffman(bytes: Uint8Array, from: number, end: number, tables: Map<number, number>): boolean {
  for (let at = from; at < end; ) {
    const kind = bytes[at] as number;
    if ((kind & 15) > 3 || kind >> 4 > 1 || at + 17 > end) return false;
    let symbols = 0;
    for (let length = 1; length <= 16; length++) symbols += bytes[at + length] as number;
    tables.set((kind >> 4) * 4 + (kind & 15), at + 1);
    at += 17 + symbols;
    if (at > end) return false;
  }
  return true;
}

function readFrame(view: DataView, body: number, end: number, isProgressive: boolean): Frame | undefined {
  if (end - body < 6) return undefined;
  const [height, width, count] = [view.getUint16(body + 1), view.getUint16(body + 3), view.getUint8(body + 5)];
  const isKnown = view.getUint8(body) === 8 && height > 0 && width > 0 && (count === 1 || count === 3);
  if (!isKnown || end - body < 6 + 3 * count) return undefined;
  const components = Array.from({ length: count }, (_, index) => {
    const at = body + 6 + 3 * index;
    const factors = view.getUint8(at + 1);
    return { id: view.getUint8(at), across: factors >> 4, down: factors & 15, quantization: view.getUint8(at + 2) };
  });
  return { height, width, components, isProgressive };
}

/** The scan's tables and sampling, if it is the only one and of a kind that is known. */
function readScan(
  bytes: Uint8Array,
  body: number,
  end: number,
  { components, isProgressive }: Frame,
  quantization: ReadonlyMap<number, { at: number; isWide: boolean }>,
  huffman: ReadonlyMap<number, number>,
): Pick<JpegScan, "components" | "luma"> | undefined {
  const count = components.length;
  if (isProgressive || bytes[body] !== count || end - body < 4 + 2 * count) return undefined;
  const tables: JpegScan["components"][number][] = [];
  for (const [index, component] of components.entries()) {
    const slots = bytes[body + 2 + 2 * index] as number;
    const [dc, ac] = [slots >> 4, 4 + (slots & 15)];
    const table = quantization.get(component.quantization);
    if (bytes[body + 1 + 2 * index] !== component.id || !table || !huffman.has(dc) || !huffman.has(ac))
      return undefined;
    if (dc > 3 || ac > 7) return undefined;
    tables.push({ quantization: table.at, isWide: table.isWide, dc, ac });
  }
  if (count === 1) return { components: tables, luma: [1, 1] }; // Whatever its factors: there is nothing to compare them with.
  const [luma, ...chroma] = components as [Frame["components"][number], ...Frame["components"]];
  const isSampled = luma.across >= 1 && luma.across <= 2 && luma.down >= 1 && luma.down <= 2;
  if (!isSampled || chroma.some(({ across, down }) => across !== 1 || down !== 1)) return undefined;
  return { components: tables, luma: [luma.down, luma.across] };
}

/** How libjpeg decides it: by JFIF, then by Adobe's marker, then by the components' names. */
function isYcc(ids: readonly number[], { isJfif, adobe }: { isJfif: boolean; adobe: number | undefined }): boolean {
  if (ids.length === 1) return false;
  if (isJfif) return true;
  if (adobe !== undefined) return adobe !== 0;
  return String.fromCharCode(...ids) !== "RGB";
}
