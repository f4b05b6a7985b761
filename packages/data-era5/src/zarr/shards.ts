import { FormatError } from "@graticule/core";
import type { ByteSource } from "@graticule/data";
import { makeChunkCache, product, rowMajorStrides, takeScratch } from "@graticule/data/arrays";
import type { ZarrArray } from "./array-metadata.js";
import { checkCrc32c } from "./check-crc32c.js";
import type { KeyStore } from "./key-store.js";

/** An open shard: its index, and the source of its chunks. */
interface Shard {
  readonly source: ByteSource;
  /** Offset and length of each chunk, little-endian; all bits set for one that was never written. */
  readonly index: DataView;
}

const MAX_CHUNKS_PER_SHARD = 2 ** 22;
const KEPT_INDEX_BYTES = 2 ** 24;

/** Reads the stored bytes of the chunk at a place, maybe into scratch; undefined if it was never written. */
export type ReadStored = (place: readonly number[], inScratch: boolean) => Promise<Uint8Array | undefined>;

/**
 * Makes the reader of chunks inside shards: each shard's index is read once, then each chunk by its range.
 *
 * Source: Zarr `sharding_indexed` codec 1.0.
 */
export function makeShardReader(store: KeyStore, array: ZarrArray, most: number): ReadStored {
  const { path, coding, keyOf } = array;
  const { shape, indexAtEnd, hasChecksum } = array.shard as NonNullable<ZarrArray["shard"]>;
  const perShard = shape.map((size, dim) => size / (coding.chunkShape[dim] as number));
  const chunks = product(perShard);
  const where = `${store.uri}: '${path}'`;
  if (!(chunks <= MAX_CHUNKS_PER_SHARD))
    throw new FormatError(where, `at most ${MAX_CHUNKS_PER_SHARD} chunks in a shard`, `${chunks}`, "It is corrupt.");
  const strides = rowMajorStrides(perShard);
  const indexBytes = 16 * chunks + (hasChecksum ? 4 : 0);
  const shards = makeChunkCache<Shard | undefined>(KEPT_INDEX_BYTES);

  async function openShard(key: string): Promise<Shard | undefined> {
    const source = await store.open(key);
    if (source === undefined) return undefined;
    const at = indexAtEnd ? source.size - indexBytes : 0;
    const bytes = await source.read(at, indexBytes, "the shard's index");
    try {
      const index = hasChecksum ? checkCrc32c(bytes) : bytes;
      return { source, index: new DataView(index.buffer, index.byteOffset, index.byteLength) };
    } catch (cause) {
      throw new FormatError(
        source.uri,
        "a sound index of the shard",
        (cause as Error).message,
        "The store is corrupt.",
        {
          cause,
        },
      );
    }
  }
  return async (place, inScratch) => {
    const key = `${path === "" ? "" : `${path}/`}${keyOf(place.map((at, dim) => Math.floor(at / (perShard[dim] as number))))}`;
    const shard = await shards.get(key, indexBytes, () => openShard(key));
    if (shard === undefined) return undefined;
    const chunk = place.reduce((sum, at, dim) => sum + (at % (perShard[dim] as number)) * (strides[dim] as number), 0);
    const [offset, length] = [16 * chunk, 16 * chunk + 8].map((at) => shard.index.getBigUint64(at, true)) as [
      bigint,
      bigint,
    ];
    if (offset === 2n ** 64n - 1n) return undefined;
    const what = `chunk [${place.join(", ")}] of '${path}'`;
    if (length > BigInt(most))
      throw new FormatError(
        shard.source.uri,
        `at most ${most} bytes for ${what}`,
        `${length}`,
        "The store is corrupt.",
      );
    const room = inScratch ? takeScratch(Number(length)) : undefined;
    return shard.source.read(Number(offset), Number(length), what, room);
  };
}
