import { FormatError } from "@graticule/core";

/** Sizes of addresses and lengths in a file. Units: bytes. */
export interface FieldSizes {
  readonly addressBytes: number;
  readonly lengthBytes: number;
}

/** Reads little-endian fields of one HDF5 structure, one after another. */
export class Fields {
  readonly #uri: string;
  readonly #what: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly sizes: FieldSizes;
  at: number;

  /** `what`: the structure, as messages name it. */
  constructor(uri: string, what: string, bytes: Uint8Array, sizes: FieldSizes, at = 0) {
    this.#uri = uri;
    this.#what = what;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.sizes = sizes;
    this.at = at;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  broken(expected: string, got: string): FormatError {
    return new FormatError(this.#uri, `${expected} in the HDF5 ${this.#what}`, got, "The file is corrupt.");
  }

  take(length: number): Uint8Array {
    if (!(length >= 0 && length <= this.left))
      throw this.broken(`${length} bytes at ${this.at}`, `${this.left} that are left`);
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  skip(length: number): void {
    this.take(length);
  }

  uint8(): number {
    return this.take(1)[0] as number;
  }

  uint16(): number {
    this.skip(2);
    return this.#view.getUint16(this.at - 2, true);
  }

  uint32(): number {
    this.skip(4);
    return this.#view.getUint32(this.at - 4, true);
  }

  /** An unsigned integer of 1 to 8 bytes; all bits set, HDF5's "undefined", is Infinity. */
  uint(length: number): number {
    const bytes = this.take(length);
    let value = 0;
    for (let index = length - 1; index >= 0; index--) value = value * 256 + (bytes[index] as number);
    if (value < 2 ** 53) return value === 256 ** length - 1 && length > 1 ? Infinity : value;
    if (bytes.every((byte) => byte === 255)) return Infinity;
    throw this.broken("a number below 2⁵³", `${value}`);
  }

  address(): number {
    return this.uint(this.sizes.addressBytes);
  }

  length(): number {
    return this.uint(this.sizes.lengthBytes);
  }

  /** @throws {FormatError} if the four letters of a signature are others. */
  signature(expected: string): void {
    const found = Buffer.from(this.take(4)).toString("latin1");
    if (found !== expected) throw this.broken(`the signature '${expected}'`, JSON.stringify(found));
  }

  text(length: number): string {
    const text = Buffer.from(this.take(length)).toString("utf8");
    const end = text.indexOf("\0");
    return end < 0 ? text : text.slice(0, end);
  }
}
