import { FormatError } from "@graticule/core";
import {
  type Chunk,
  decodeBlosc,
  decodeBzip2,
  decodeLz4,
  decodeZstd,
  inflateBytes,
  makeChunk,
  openBlosc,
  unshuffleAll,
} from "@graticule/data/arrays";
import type { CodecSpec } from "./array-metadata.js";
import { checkCrc32c } from "./check-crc32c.js";

/** Turns the bytes that a codec wrote into those it got, at most `maxBytes`. */
type Decode = (bytes: Uint8Array, maxBytes: number, configuration: CodecSpec["configuration"]) => Promise<Uint8Array>;

const DECODERS: Readonly<Record<string, Decode>> = {
  blosc: decodeBlosc,
  zlib: (bytes, maxBytes) => inflateBytes("zlib", bytes, maxBytes),
  gzip: (bytes, maxBytes) => inflateBytes("gzip", bytes, maxBytes),
  zstd: decodeZstd,
  bz2: async (bytes, maxBytes) => decodeBzip2(bytes, maxBytes),
  lz4: async (bytes, maxBytes) => decodeSizedLz4(bytes, maxBytes),
  crc32c: async (bytes) => checkCrc32c(bytes),
  shuffle: async (bytes, _, { elementsize = 4 }) => unshuffleAll(bytes, elementsize as number),
};

/** The name of the first codec that can't be undone; undefined if all can. */
export function unsupportedCodec(compressors: readonly CodecSpec[]): string | undefined {
  return compressors.find(
    ({ name, configuration: { elementsize = 4 } }) =>
      !Object.hasOwn(DECODERS, name) || (name === "shuffle" && ![2, 4, 8].includes(elementsize as number)),
  )?.name;
}

/**
 * Undoes a chunk's codecs, the last one first. Blosc frames and shuffled bytes are put together when elements are
 * asked for.
 *
 * @throws {FormatError} if the bytes are corrupt, or not as many as a chunk holds.
 */
export async function decodeZarrChunk(
  where: string,
  stored: Uint8Array,
  compressors: readonly CodecSpec[],
  chunkBytes: number,
  itemBytes: number,
): Promise<Chunk> {
  let bytes = stored;
  try {
    for (let place = compressors.length - 1; place >= 0; place--) {
      const { name, configuration } = compressors[place] as CodecSpec;
      if (place === 0 && name === "blosc") return guard(where, await openBlosc(bytes, chunkBytes, itemBytes));
      if (place === 0 && name === "shuffle" && (configuration.elementsize ?? 4) === itemBytes)
        return makeChunk(where, bytes, chunkBytes, itemBytes, true);
      bytes = await (DECODERS[name] as Decode)(bytes, mostBytes(chunkBytes, place), configuration);
    }
  } catch (cause) {
    throw broken(where, cause);
  }
  return makeChunk(where, bytes, chunkBytes, itemBytes, false);
}

/** Bytes that a chunk may take after `place` codecs: those that compress may make incompressible bytes a little longer. */
export function mostBytes(chunkBytes: number, place: number): number {
  return place === 0 ? chunkBytes : chunkBytes + Math.ceil(chunkBytes / 64) + 2 ** 10;
}

/** A chunk whose blocks may turn out to be corrupt when they are decoded. */
function guard(where: string, chunk: Chunk): Chunk {
  return {
    elements(from, to, target) {
      try {
        return chunk.elements(from, to, target);
      } catch (cause) {
        throw broken(where, cause);
      }
    },
  };
}

function broken(where: string, cause: unknown): FormatError {
  if (cause instanceof FormatError) return cause;
  return new FormatError(where, "readable compressed values", (cause as Error).message, "The store is corrupt.", {
    cause,
  });
}

/** numcodecs writes the decoded size before the block. */
function decodeSizedLz4(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const size = bytes.length < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true);
  if (size < 0 || size > maxBytes) throw new Error(`an LZ4 block of ${size} bytes for ${maxBytes}`);
  const output = new Uint8Array(size);
  decodeLz4(bytes.subarray(4), output);
  return output;
}
