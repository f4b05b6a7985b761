import type { ByteSource } from "./byte-source.js";

/** A range of a source; `what` names it in errors. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
  readonly what: string;
}

/** Several ranges that one read fetches, and their places in the list asked for. */
interface MergedRange extends ByteRange {
  readonly members: readonly number[];
}

/** Most bytes that ranges are merged to; a single larger range is read alone. */
const MAX_MERGED_BYTES = 2 ** 23;

/**
 * Reads many ranges with few reads: those near each other (`source.gapBytes`) come from one. All reads start at
 * once; each promise settles with its own read, so that decoding can begin early.
 *
 * @param takeMemory gives memory of a length, which the source may read into; fresh memory if absent.
 * @returns one promise for each range, in the order given; the bytes of neighbors may share a buffer.
 */
export function readRanges(
  source: ByteSource,
  ranges: readonly ByteRange[],
  takeMemory?: (length: number) => Uint8Array,
): Promise<Uint8Array>[] {
  const results = new Array<Promise<Uint8Array>>(ranges.length);
  for (const { offset, length, what, members } of mergeRanges(ranges, source.gapBytes)) {
    // What leaves the source is refused before there is memory for it.
    const memory = offset + length <= source.size ? takeMemory?.(length) : undefined;
    const merged = source.read(offset, length, what, memory);
    for (const member of members) {
      const range = ranges[member] as ByteRange;
      const start = range.offset - offset;
      const bytes = merged.then((all) => all.subarray(start, start + range.length));
      bytes.catch(() => {}); // The caller may await another one first.
      results[member] = bytes;
    }
  }
  return results;
}

/** Merges ranges with at most `gapBytes` between them, overlapping ones included, in order of offset. */
export function mergeRanges(ranges: readonly ByteRange[], gapBytes: number): MergedRange[] {
  const order = ranges.map((_, index) => index);
  order.sort((a, b) => (ranges[a] as ByteRange).offset - (ranges[b] as ByteRange).offset);
  const merged: MergedRange[] = [];
  for (const member of order) {
    const { offset, length, what } = ranges[member] as ByteRange;
    const last = merged.at(-1);
    const lastEnd = last && last.offset + last.length;
    const end = Math.max(offset + length, lastEnd ?? 0);
    if (last && offset - (lastEnd as number) <= gapBytes && end - last.offset <= MAX_MERGED_BYTES)
      merged[merged.length - 1] = {
        offset: last.offset,
        length: end - last.offset,
        what: `${last.what.replace(/ to .*/, "")} to ${what}`,
        members: [...last.members, member],
      };
    else merged.push({ offset, length, what, members: [member] });
  }
  return merged;
}
