import { FormatError } from "@graticule/core";

/** A text line of a pickle, such as a module's name, is never longer. */
const MAX_LINE_BYTES = 1024;
/** Longest integer that is read; torch writes at most 9 bytes. */
const MAX_LONG_BYTES = 16;

/**
 * The operands in the bytes of a pickle, one after the other; never further than the bytes go.
 *
 * @throws {FormatError} from each method, if the bytes end before the operand does.
 */
export class PickleBytes {
  offset = 0;
  readonly #path: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(path: string, bytes: Uint8Array) {
    this.#path = path;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(count: number): Uint8Array {
    const begin = this.#skip(count);
    return this.#bytes.subarray(begin, begin + count);
  }

  byte(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  /** An unsigned little-endian number of 2, 4 or 8 bytes. */
  unsigned(count: 2 | 4 | 8): number {
    const begin = this.#skip(count);
    if (count === 2) return this.#view.getUint16(begin, true);
    return count === 4 ? this.#view.getUint32(begin, true) : Number(this.#view.getBigUint64(begin, true));
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#skip(8), false);
  }

  /** A little-endian integer in two's complement of any length up to 16 bytes; beyond 2^53 it is rounded. */
  long(count: number): number {
    if (count > MAX_LONG_BYTES) throw this.#refusal(`an integer of at most ${MAX_LONG_BYTES} bytes`, `${count}`);
    const bytes = this.take(count);
    let value = 0n;
    for (let index = count - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[index] as number);
    return Number(BigInt.asIntN(8 * count, value));
  }

  text(count: number): string {
    return new TextDecoder().decode(this.take(count));
  }

  line(): string {
    const end = this.#bytes.subarray(0, this.offset + MAX_LINE_BYTES).indexOf(0x0a, this.offset);
    if (end < 0) throw this.#refusal(`a line of at most ${MAX_LINE_BYTES} bytes`, "none");
    const text = this.text(end - this.offset);
    this.offset += 1;
    return text;
  }

  #skip(count: number): number {
    const begin = this.offset;
    if (count > this.#bytes.byteLength - begin)
      throw this.#refusal(`${count} more bytes`, `${this.#bytes.byteLength - begin}`);
    this.offset += count;
    return begin;
  }

  #refusal(expected: string, got: string): FormatError {
    return new FormatError(`${this.#path}, byte ${this.offset}`, expected, got, "The file is damaged; copy it again.");
  }
}
