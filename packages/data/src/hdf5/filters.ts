import { FormatError } from "@graticule/core";
import { type Chunk, makeChunk } from "../arrays/chunked-read.js";
import { unshuffle, unshuffleAll } from "../arrays/unshuffle.js";
import { decodeBlosc } from "../codecs/blosc.js";
import { decodeBzip2 } from "../codecs/bzip2.js";
import { inflateBytes } from "../codecs/inflate.js";
import { decodeZstd } from "../codecs/zstd.js";
import type { Filter } from "./dataset-messages.js";
import { checkFletcher32 } from "./fletcher32.js";

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER32 = 3;
const BZIP2 = 307;
const BLOSC = 32001;
const ZSTD = 32015;

const UNSUPPORTED: Readonly<Record<number, string>> = {
  4: "szip",
  5: "nbit",
  6: "scaleoffset",
  32000: "lzf",
  32004: "lz4",
  32008: "bitshuffle",
  32013: "zfp",
  32026: "blosc2",
};

const SUPPORTED: readonly number[] = [DEFLATE, SHUFFLE, FLETCHER32, BZIP2, BLOSC, ZSTD];

/** The name of the first filter that can't be undone; undefined if all can. */
export function unsupportedFilter(filters: readonly Filter[]): string | undefined {
  const filter = filters.find(({ id }) => !SUPPORTED.includes(id));
  return filter && (UNSUPPORTED[filter.id] ?? `number ${filter.id}`);
}

/**
 * Undoes a chunk's filters, the last one first. A shuffle that was applied first is undone only for the elements that
 * are asked for.
 *
 * @param room memory of so many bytes, which the chunk's values may lie in.
 * @param into where all of the chunk's values belong, in its own order; they may be there already then.
 * @throws {FormatError} if the bytes are corrupt, or not as many as a chunk holds.
 */
export async function decodeChunk(
  where: string,
  stored: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  chunkBytes: number,
  itemBytes: number,
  room?: (bytes: number) => Uint8Array,
  into?: Uint8Array,
): Promise<Chunk> {
  const copy = (inflated: Uint8Array): Uint8Array => {
    const target = room?.(inflated.length) ?? new Uint8Array(inflated.length);
    target.set(inflated);
    return target;
  };
  const join = (inflated: Uint8Array, into: Uint8Array): Uint8Array => {
    if (inflated.length !== chunkBytes) return inflated.slice();
    unshuffle(inflated, chunkBytes / itemBytes, itemBytes, 0, chunkBytes / itemBytes, into);
    return into;
  };
  let bytes = stored;
  let shuffled = false;
  try {
    for (let place = filters.length - 1; place >= 0; place--) {
      const { id } = filters[place] as Filter;
      if ((mask & (1 << place)) !== 0) continue;
      // A checksum may follow the values inside.
      const most = chunkBytes + 4 * place;
      if (id === DEFLATE && place === 1 && filters[0]?.id === SHUFFLE && (mask & 1) === 0 && into) {
        bytes = await inflateBytes("zlib", bytes, most, (inflated) => join(inflated, into));
        break;
      }
      if (id === DEFLATE) bytes = await inflateBytes("zlib", bytes, most, copy);
      else if (id === FLETCHER32) bytes = checkFletcher32(bytes);
      else if (id === BZIP2) bytes = decodeBzip2(bytes, most);
      else if (id === BLOSC) bytes = await decodeBlosc(bytes, most);
      else if (id === ZSTD) bytes = await decodeZstd(bytes, most);
      else if (place === 0) shuffled = true;
      else bytes = unshuffleAll(bytes, itemBytes);
    }
  } catch (cause) {
    throw new FormatError(where, "readable compressed values", (cause as Error).message, "The file is corrupt.", {
      cause,
    });
  }
  return makeChunk(where, bytes, chunkBytes, itemBytes, shuffled);
}
