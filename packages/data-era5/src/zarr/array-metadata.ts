import { FormatError } from "@graticule/core";
import type { StoredDtype } from "@graticule/data/arrays";
import type { AttributeValue } from "../gridded-dataset.js";

/** A codec as the metadata names it. */
export interface CodecSpec {
  readonly name: string;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** How a chunk's elements become bytes and are compressed. */
export interface ChunkCoding {
  readonly chunkShape: readonly number[];
  readonly littleEndian: boolean;
  /** Order in which the dimensions are stored, slowest first; undefined for their own. */
  readonly order: readonly number[] | undefined;
  /** Applied in this order when a chunk was written. */
  readonly compressors: readonly CodecSpec[];
}

/** An array of a Zarr store, of either version. */
export interface ZarrArray {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dims: readonly string[] | undefined;
  readonly dtype: StoredDtype;
  readonly fillValue: number | undefined;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly coding: ChunkCoding;
  /** Chunks are parts of shards of this shape. */
  readonly shard:
    | { readonly shape: readonly number[]; readonly indexAtEnd: boolean; readonly hasChecksum: boolean }
    | undefined;
  readonly keyOf: (place: readonly number[]) => string;
}

export type Json = Readonly<Record<string, unknown>>;

/** Checks the parts of one array's metadata; messages name the store, the array and the field. */
export class MetadataFields {
  readonly where: string;
  readonly json: Json;

  constructor(where: string, json: unknown) {
    this.where = where;
    if (!isObject(json)) throw this.broken("an object", json);
    this.json = json;
  }

  broken(expected: string, got: unknown): FormatError {
    return new FormatError(this.where, expected, clip(JSON.stringify(got)), "The store's metadata is corrupt.");
  }

  object(name: string): MetadataFields {
    return new MetadataFields(`${this.where}, '${name}'`, this.json[name]);
  }

  text(name: string): string {
    const value = this.json[name];
    if (typeof value !== "string") throw this.broken(`text in '${name}'`, value);
    return value;
  }

  sizes(name: string, least: number): number[] {
    const value = this.json[name];
    const sound =
      Array.isArray(value) && value.length <= 32 && value.every((size) => Number.isSafeInteger(size) && size >= least);
    if (!sound) throw this.broken(`a list of sizes of at least ${least} in '${name}'`, value);
    return value as number[];
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function clip(text: string | undefined): string {
  return text === undefined ? "nothing" : text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Attributes that the interface can hold: numbers, text, lists of numbers; lists of text are joined. */
export function readJsonAttributes(json: unknown): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(isObject(json) ? json : {})) {
    if (typeof value === "number" || typeof value === "string") attributes[name] = value;
    else if (typeof value === "boolean") attributes[name] = String(value);
    else if (Array.isArray(value) && value.every((item) => typeof item === "number")) attributes[name] = value;
    else if (Array.isArray(value) && value.every((item) => typeof item === "string"))
      attributes[name] = value.join(", ");
  }
  return attributes;
}

/** A fill value as JSON writes it; undefined if there is none. */
export function parseFill(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  if (value === "NaN") return NaN;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  return typeof value === "string" && /^0x[0-9a-f]+$/i.test(value) ? parseHexFloat(value) : undefined;
}

/** Zarr v3 may give a float by its bits. */
function parseHexFloat(text: string): number {
  const bits = Buffer.from(text.slice(2), "hex");
  if (bits.length === 4) return bits.readFloatBE();
  return bits.length === 8 ? bits.readDoubleBE() : NaN;
}
