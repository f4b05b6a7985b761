import type { ByteSource } from "../sources/byte-source.js";
import { makeChunkCache } from "./chunk-cache.js";

const PAGE_BYTES = 2 ** 15;
const KEPT_BYTES = 2 ** 23;

/** A source whose small reads come from whole pages that are kept: formats scatter their metadata in little pieces. */
export function makePagedSource(source: ByteSource): ByteSource {
  const cache = makeChunkCache<Uint8Array>(KEPT_BYTES);
  const page = (number: number): Promise<Uint8Array> => {
    const offset = number * PAGE_BYTES;
    const length = Math.min(PAGE_BYTES, source.size - offset);
    return cache.get(`${number}`, PAGE_BYTES, () => source.read(offset, length, "metadata"));
  };
  return {
    ...source,
    async read(offset, length, what) {
      const first = Math.floor(offset / PAGE_BYTES);
      const last = Math.floor((offset + length - 1) / PAGE_BYTES);
      // The source itself refuses what lies outside of it.
      if (!(offset >= 0 && length > 0 && offset + length <= source.size && last - first <= 1))
        return source.read(offset, length, what);
      const start = offset - first * PAGE_BYTES;
      const head = await page(first);
      if (last === first) return head.subarray(start, start + length);
      const tail = await page(last);
      const bytes = new Uint8Array(length);
      bytes.set(head.subarray(start));
      bytes.set(tail.subarray(0, length - (PAGE_BYTES - start)), PAGE_BYTES - start);
      return bytes;
    },
    close: () => source.close(),
  };
}
