import { FormatError } from "@graticule/core";
import { itemBytesOf, type StoredDtype, toStoredValues } from "@graticule/data/arrays";

/** Thrown inside the header's parser where the bytes at hand end; more may follow in the file. */
export class OutOfBytes extends Error {
  readonly what: string;
  readonly offset: number;

  constructor(what: string, offset: number) {
    super(what);
    this.what = what;
    this.offset = offset;
  }
}

/** Reads the fields of a NetCDF-3 header one after another: big-endian, padded to 4 bytes. */
export class FieldReader {
  readonly #uri: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #wide: boolean;
  #at: number;

  /** `wide`: counts take 8 bytes, as in CDF-5. */
  constructor(uri: string, bytes: Uint8Array, start: number, wide: boolean) {
    this.#uri = uri;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#wide = wide;
  }

  broken(expected: string, got: string): FormatError {
    return new FormatError(
      this.#uri,
      `${expected} in the NetCDF header before offset ${this.#at}`,
      got,
      "The file is corrupt.",
    );
  }

  #take(length: number, what: string): number {
    const at = this.#at;
    if (!(at + length <= this.#bytes.length)) throw new OutOfBytes(what, at);
    this.#at += length;
    return at;
  }

  readUint32(what: string): number {
    return this.#view.getUint32(this.#take(4, what));
  }

  readUint64(what: string): number {
    const value = Number(this.#view.getBigUint64(this.#take(8, what)));
    if (!Number.isSafeInteger(value)) throw this.broken(`${what} below 2⁵³`, `${value}`);
    return value;
  }

  readCount(what: string): number {
    // A declared size of 2³² − 1 in the narrow format stands for "too large to say".
    return this.#wide ? this.readUint64(what) : this.readUint32(what);
  }

  /** The number of records; undefined for the streaming mark, all bits set. */
  readRecordCount(): number | undefined {
    const at = this.#take(this.#wide ? 8 : 4, "number of records");
    const count = this.#wide ? Number(this.#view.getBigUint64(at)) : this.#view.getUint32(at);
    if (count === (this.#wide ? 2 ** 64 : 2 ** 32 - 1)) return undefined;
    if (!Number.isSafeInteger(count)) throw this.broken("a number of records below 2⁵³", `${count}`);
    return count;
  }

  readList<Item>(tag: number, what: string, readItem: () => Item): Item[] {
    const found = this.readUint32(what);
    const count = this.readCount(`length of the ${what}`);
    if (found === 0 && count === 0) return [];
    if (found !== tag) throw this.broken(`tag ${tag} of the ${what}`, `${found}`);
    // Each item takes bytes, so a false count runs out of them before it fills memory.
    const items: Item[] = [];
    for (let index = 0; index < count; index++) items.push(readItem());
    return items;
  }

  readName(what: string): string {
    return this.readText(this.readCount(what), what);
  }

  readText(length: number, what: string): string {
    const at = this.#take(length + padding(length), what);
    const text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + at, length).toString("utf8");
    return text.replace(/\0+$/, "");
  }

  readValues(dtype: StoredDtype, count: number, what: string): number[] {
    const length = count * itemBytesOf(dtype);
    const at = this.#take(length + padding(length), what);
    return [...toStoredValues(this.#bytes.slice(at, at + length), dtype, false)];
  }
}

/** Bytes that fill up to a multiple of 4. */
export function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}
