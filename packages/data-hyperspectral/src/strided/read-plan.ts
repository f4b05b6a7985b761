import type { Box } from "@graticule/data";
import type { StridedLayout } from "./strided-layout.js";

/** One dim of a window: where its indices lie in storage, ascending, and where their values go in the output. */
export interface WindowDim {
  readonly stride: number;
  readonly indices: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
}

/** A window's dims. */
export interface WindowDims {
  readonly band: WindowDim;
  readonly row: WindowDim;
  readonly column: WindowDim;
}

/** Positions `[from, to)` in a dim's indices. */
export type Span = readonly [from: number, to: number];

/** A part of a window that is fetched at once: spans of each dim and the stored values from `first` on. */
export interface ReadBox {
  readonly band: Span;
  readonly row: Span;
  readonly column: Span;
  readonly first: number;
  readonly count: number;
}

/** The dims of a window; bands may come in any order, with repeats. Output: `[bands.length, height, width]`. */
export function windowDims(
  { strides }: Pick<StridedLayout, "strides">,
  window: Box,
  bands: readonly number[],
): WindowDims {
  const order = Int32Array.from(bands, (_, position) => position);
  order.sort((a, b) => (bands[a] as number) - (bands[b] as number));
  const plane = window.height * window.width;
  return {
    band: {
      stride: strides.band,
      indices: Array.from(order, (position) => bands[position] as number),
      targets: Array.from(order, (position) => position * plane),
    },
    row: {
      stride: strides.row,
      indices: Int32Array.from({ length: window.height }, (_, at) => window.row + at),
      targets: Int32Array.from({ length: window.height }, (_, at) => at * window.width),
    },
    column: {
      stride: strides.column,
      indices: Int32Array.from({ length: window.width }, (_, at) => window.column + at),
      targets: Int32Array.from({ length: window.width }, (_, at) => at),
    },
  };
}

/**
 * Cuts a window into boxes to fetch, in the order of the file. Neighbors are fetched together where the values between
 * them are fewer than `maxGap`, as long as a fetch stays below `maxCount` values.
 */
export function* planReads(dims: WindowDims, maxGap: number, maxCount: number): Generator<ReadBox> {
  const names: [keyof WindowDims, keyof WindowDims, keyof WindowDims] = ["band", "row", "column"];
  const [outer, middle, inner] = names.sort((a, b) => dims[b].stride - dims[a].stride);
  const innerSpans = cutSpans(dims[inner], 1, maxGap, maxCount);
  const middleSpans = cutSpans(dims[middle], longest(dims[inner], innerSpans, 1), maxGap, maxCount);
  const block = longest(dims[middle], middleSpans, longest(dims[inner], innerSpans, 1));
  for (const outerSpan of cutSpans(dims[outer], block, maxGap, maxCount))
    for (const middleSpan of middleSpans)
      for (const innerSpan of innerSpans) {
        const spans = { [outer]: outerSpan, [middle]: middleSpan, [inner]: innerSpan } as Record<
          keyof WindowDims,
          Span
        >;
        let [first, last] = [0, 0];
        for (const name of names) {
          const { indices, stride } = dims[name];
          first += (indices[spans[name][0]] as number) * stride;
          last += (indices[spans[name][1] - 1] as number) * stride;
        }
        yield { ...spans, first, count: last - first + 1 };
      }
}

/** Cuts a dim where the gap after a block of `block` values is too wide to read over, or a fetch would be too long. */
function cutSpans({ indices, stride }: WindowDim, block: number, maxGap: number, maxCount: number): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (let at = 1; at < indices.length; at++) {
    const here = (indices[at] as number) * stride;
    const gap = here - (indices[at - 1] as number) * stride - block;
    const count = here - (indices[from] as number) * stride + block;
    if (gap <= maxGap && count <= maxCount) continue;
    spans.push([from, at]);
    from = at;
  }
  spans.push([from, indices.length]);
  return spans;
}

/** The most values from the first to the last of a span's blocks. */
function longest({ indices, stride }: WindowDim, spans: readonly Span[], block: number): number {
  let most = 0;
  for (const [from, to] of spans)
    most = Math.max(most, ((indices[to - 1] as number) - (indices[from] as number)) * stride + block);
  return most;
}
