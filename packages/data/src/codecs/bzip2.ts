/** Reads bits from the highest of each byte on. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Up to 24 bits. */
  read(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.#bytes.length) throw new Error("a bzip2 stream that is cut short");
      this.#bits = ((this.#bits & 0xffffff) << 8) | (this.#bytes[this.#at++] as number);
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#bits >>> this.#count) & (2 ** count - 1);
  }

  alignToByte(): void {
    this.#count -= this.#count % 8;
  }
}

/** A prefix code: for each length the last code of that length, and where its symbols start. */
interface PrefixCode {
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
}

const LONGEST_CODE = 20;
const BLOCK_MAGIC = [0x314159, 0x265359];
const END_MAGIC = [0x177245, 0x385090];

/**
 * Decodes a bzip2 stream, or several after each other, of at most `maxBytes` bytes.
 *
 * Source: the format as Joe Tsai describes it, "BZIP2: Format Specification" (2016).
 *
 * @throws {Error} if the stream is corrupt or longer.
 */
export function decodeBzip2(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const output = new Uint8Array(maxBytes);
  const bits = new BitReader(bytes);
  let length = 0;
  while (!bits.isAtEnd) {
    if (bits.read(16) !== 0x425a || bits.read(8) !== 0x68) throw new Error("bytes that are no bzip2 stream");
    const level = bits.read(8) - 0x30;
    if (level < 1 || level > 9) throw new Error(`a bzip2 stream of level ${level}`);
    const block = new Uint32Array(level * 100_000);
    for (;;) {
      const magic = [bits.read(24), bits.read(24)];
      bits.read(16); // A checksum; a chunk's size is checked by its reader.
      bits.read(16);
      if (magic[0] === END_MAGIC[0] && magic[1] === END_MAGIC[1]) break;
      if (magic[0] !== BLOCK_MAGIC[0] || magic[1] !== BLOCK_MAGIC[1]) throw new Error("a broken bzip2 block");
      length = decodeBlock(bits, block, output, length);
    }
    bits.alignToByte();
  }
  return output.subarray(0, length);
}

/** Decodes one block to `output` from `start` on; returns where it ends. */
function decodeBlock(bits: BitReader, block: Uint32Array, output: Uint8Array, start: number): number {
  if (bits.read(1) === 1) throw new Error("a randomized bzip2 block, which is not supported");
  const origin = bits.read(24);
  const alphabet = readAlphabet(bits);
  const numSymbols = alphabet.length + 2;
  const numCodes = bits.read(3);
  const numSelectors = bits.read(15);
  if (numCodes < 2 || numCodes > 6 || numSelectors === 0 || alphabet.length === 0)
    throw new Error("a broken bzip2 block");
  const selectors = readSelectors(bits, numSelectors, numCodes);
  const codes = Array.from({ length: numCodes }, () => readCode(bits, numSymbols));

  // Symbols: runs of the first byte of a list in binary, or a place in the list, whose byte moves to the front.
  const counts = new Int32Array(256);
  let size = 0;
  let run = 0;
  let weight = 1;
  let group = 0;
  let left = 0;
  let code = codes[0] as PrefixCode;
  const flush = (): void => {
    const byte = alphabet[0] as number;
    if (run > block.length - size) throw new Error("a bzip2 block that is too long");
    counts[byte] = (counts[byte] as number) + run;
    block.fill(byte, size, size + run);
    size += run;
    run = 0;
    weight = 1;
  };
  for (;;) {
    if (left === 0) {
      if (group >= numSelectors) throw new Error("a broken bzip2 block");
      code = codes[selectors[group++] as number] as PrefixCode;
      left = 50;
    }
    left--;
    const symbol = readSymbol(bits, code);
    if (symbol < 2) {
      run += weight << symbol;
      weight <<= 1;
      if (run > block.length) throw new Error("a bzip2 block that is too long");
      continue;
    }
    if (run > 0) flush();
    if (symbol === numSymbols - 1) break;
    const place = symbol - 1;
    const byte = alphabet[place] as number;
    alphabet.copyWithin(1, 0, place);
    alphabet[0] = byte;
    if (size >= block.length) throw new Error("a bzip2 block that is too long");
    counts[byte] = (counts[byte] as number) + 1;
    block[size++] = byte;
  }
  if (size === 0) return start;
  if (origin >= size) throw new Error("a broken bzip2 block");
  return invertBlock(block, size, counts, origin, output, start);
}

/** The bytes that a block uses, in order: a bit for each 16 of them, then a bit for each. */
function readAlphabet(bits: BitReader): Uint8Array {
  const groups = bits.read(16);
  const used: number[] = [];
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >> group)) === 0) continue;
    const members = bits.read(16);
    for (let member = 0; member < 16; member++) if (members & (0x8000 >> member)) used.push(16 * group + member);
  }
  return Uint8Array.from(used);
}

/** Which code each group of 50 symbols uses: places in a list of codes, the last used first. */
function readSelectors(bits: BitReader, count: number, numCodes: number): Uint8Array {
  const order = Uint8Array.from({ length: numCodes }, (_, index) => index);
  const selectors = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    let place = 0;
    while (bits.read(1) === 1) if (++place >= numCodes) throw new Error("a broken bzip2 block");
    const code = order[place] as number;
    order.copyWithin(1, 0, place);
    order[0] = code;
    selectors[index] = code;
  }
  return selectors;
}

/** Reads the lengths of a code's symbols, each as a difference from the last. */
function readCode(bits: BitReader, numSymbols: number): PrefixCode {
  const lengths = new Uint8Array(numSymbols);
  let length = bits.read(5);
  for (let symbol = 0; symbol < numSymbols; symbol++) {
    while (bits.read(1) === 1) length += bits.read(1) === 1 ? -1 : 1;
    if (length < 1 || length > LONGEST_CODE) throw new Error("a broken bzip2 code");
    lengths[symbol] = length;
  }
  const limits = new Int32Array(LONGEST_CODE + 2).fill(-1);
  const bases = new Int32Array(LONGEST_CODE + 2);
  const symbols = new Uint16Array(numSymbols);
  let next = 0;
  let first = 0;
  for (let width = 1; width <= LONGEST_CODE; width++) {
    const start = next;
    for (let symbol = 0; symbol < numSymbols; symbol++) if (lengths[symbol] === width) symbols[next++] = symbol;
    bases[width] = start - first;
    first += next - start;
    limits[width] = first - 1;
    first <<= 1;
  }
  return { limits, bases, symbols };
}

function readSymbol(bits: BitReader, { limits, bases, symbols }: PrefixCode): number {
  let value = 0;
  for (let width = 1; width <= LONGEST_CODE; width++) {
    value = (value << 1) | bits.read(1);
    if (value <= (limits[width] as number)) {
      const symbol = symbols[value + (bases[width] as number)];
      if (symbol !== undefined) return symbol;
      break;
    }
  }
  throw new Error("a broken bzip2 code");
}

/** Undoes the Burrows-Wheeler transform, then the runs: four equal bytes are followed by how many more there are. */
function invertBlock(
  block: Uint32Array,
  size: number,
  counts: Int32Array,
  origin: number,
  output: Uint8Array,
  start: number,
): number {
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = counts[byte] as number;
    counts[byte] = sum;
    sum += count;
  }
  for (let index = 0; index < size; index++) {
    const byte = (block[index] as number) & 255;
    const to = counts[byte] as number;
    counts[byte] = to + 1;
    block[to] = (block[to] as number) | (index << 8);
  }
  let entry = (block[origin] as number) >>> 8;
  let at = start;
  let repeats = 0;
  let previous = -1;
  for (let index = 0; index < size; index++) {
    const word = block[entry] as number;
    entry = word >>> 8;
    const byte = word & 255;
    if (repeats === 4) {
      if (byte > output.length - at) throw new Error("a bzip2 stream that is too long");
      output.fill(previous, at, at + byte);
      at += byte;
      repeats = 0;
      previous = -1;
      continue;
    }
    if (at >= output.length) throw new Error("a bzip2 stream that is too long");
    output[at++] = byte;
    repeats = byte === previous ? repeats + 1 : 1;
    previous = byte;
  }
  return at;
}
