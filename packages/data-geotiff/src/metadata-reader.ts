import type { ByteSource } from "@graticule/data";

/** Reads small ranges of a source, mostly from what an earlier read brought along. */
export type MetadataReader = (offset: number, length: number, what: string) => Promise<DataView>;

/** A read brings this much, since a directory's values mostly lie behind it. Units: bytes. */
const AHEAD_BYTES = 2 ** 13;
const MAX_KEPT = 4;

/** Makes a reader that keeps the last few pieces it read, so that a header costs one or two reads. */
export function makeMetadataReader(source: ByteSource): MetadataReader {
  const kept: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  return async (offset, length, what) => {
    let found = kept.find((piece) => piece.offset <= offset && offset + length <= piece.offset + piece.bytes.length);
    if (found === undefined) {
      const ahead = Math.max(length, Math.min(AHEAD_BYTES, source.size - offset));
      found = { offset, bytes: await source.read(offset, ahead, what) };
      kept.push(found);
      if (kept.length > MAX_KEPT) kept.shift();
    }
    const { buffer, byteOffset } = found.bytes;
    return new DataView(buffer, byteOffset + offset - found.offset, length);
  };
}
