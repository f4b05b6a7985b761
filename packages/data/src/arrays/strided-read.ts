import { FormatError } from "@graticule/core";
import type { ByteSource } from "../sources/byte-source.js";
import { copyBox } from "./copy-box.js";
import { product, type Region, rowMajorStrides } from "./region.js";

/** Where an uncompressed array lies in a source. Units: bytes. */
export interface StridedLayout {
  readonly offset: number;
  readonly strides: readonly number[];
  readonly itemBytes: number;
}

/** A span is read whole, with what lies between the wanted values, if it is this small, or mostly wanted. */
const SMALL_SPAN_BYTES = 2 ** 16;
const LARGE_SPAN_BYTES = 2 ** 24;
const WANTED_SHARE = 1 / 4;
const CONCURRENT_READS = 8;

/**
 * Reads a region of an uncompressed array into `itemBytes · values` bytes, those of `into` if given, with few reads and
 * little more memory.
 *
 * @throws {FormatError} if the region leaves the source.
 */
export async function readStrided(
  source: ByteSource,
  layout: StridedLayout,
  region: Region,
  what: string,
  into?: Uint8Array,
): Promise<Uint8Array> {
  const { itemBytes } = layout;
  const values = product(region.count);
  if (values === 0) return new Uint8Array(0);
  const fileStrides = layout.strides.map((stride, dim) => stride * (region.step[dim] as number));
  const targetStrides = rowMajorStrides(region.count);
  const first = region.start.reduce(
    (offset, index, dim) => offset + index * (layout.strides[dim] as number),
    layout.offset,
  );

  // Dimensions from `split` on are read as one span, for each index of those before.
  const rank = region.count.length;
  const spanOf = (split: number) =>
    region.count
      .slice(split)
      .reduce((bytes, count, dim) => bytes + (count - 1) * (fileStrides[split + dim] as number), itemBytes);
  const isOne = (split: number) => {
    const span = spanOf(split);
    const wanted = product(region.count.slice(split)) * itemBytes;
    return span === wanted || span <= SMALL_SPAN_BYTES || (span <= LARGE_SPAN_BYTES && wanted >= span * WANTED_SHARE);
  };
  if (first + spanOf(0) > source.size)
    throw new FormatError(
      source.uri,
      `${what}, ${spanOf(0)} bytes at ${first}`,
      `a file of ${source.size} bytes`,
      "The file is truncated or corrupt.",
    );
  const target = into ?? new Uint8Array(values * itemBytes);
  let split = 0;
  while (split < rank && !isOne(split)) split++;

  const spanBytes = spanOf(split);
  // Such a span is the values as the result holds them.
  const isDense = spanBytes === product(region.count.slice(split)) * itemBytes;
  const counts = region.count.slice(split);
  const steps = fileStrides.slice(split);
  // Records are padded to 4 bytes: the stride of records may be no multiple of an 8-byte item.
  const aligned = steps.every((step) => step % itemBytes === 0);
  const copySpan = (bytes: Uint8Array, targetOffset: number): void =>
    aligned
      ? copyBox(
          bytes,
          { offset: 0, strides: steps.map((step) => step / itemBytes) },
          target,
          { offset: targetOffset, strides: targetStrides.slice(split) },
          counts,
          itemBytes,
        )
      : copyBox(
          bytes,
          { offset: 0, strides: [...steps, 1] },
          target,
          {
            offset: targetOffset * itemBytes,
            strides: [...targetStrides.slice(split).map((stride) => stride * itemBytes), 1],
          },
          [...counts, itemBytes],
          1,
        );

  const spans = product(region.count.slice(0, split));
  const readSpan = async (span: number): Promise<void> => {
    let offset = first;
    let targetOffset = 0;
    let rest = span;
    for (let dim = split - 1; dim >= 0; dim--) {
      const index = rest % (region.count[dim] as number);
      rest = (rest - index) / (region.count[dim] as number);
      offset += index * (fileStrides[dim] as number);
      targetOffset += index * (targetStrides[dim] as number);
    }
    const at = targetOffset * itemBytes;
    const place = isDense ? target.subarray(at, at + spanBytes) : undefined;
    const bytes = await source.read(offset, spanBytes, what, place);
    if (bytes !== place) copySpan(bytes, targetOffset);
  };
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(CONCURRENT_READS, spans) }, async () => {
      while (next < spans) await readSpan(next++);
    }),
  );
  return target;
}
