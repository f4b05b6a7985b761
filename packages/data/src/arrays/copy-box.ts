/** Where a box lies in a buffer. Units: elements. */
export interface BoxPlace {
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Runs at least this long are copied by one call. */
const LONG_RUN = 24;

/** Copies a box of `counts` elements of `itemBytes` bytes each between two buffers of bytes. */
export function copyBox(
  source: Uint8Array,
  from: BoxPlace,
  target: Uint8Array,
  to: BoxPlace,
  counts: readonly number[],
  itemBytes: number,
): void {
  if (counts.some((count) => count === 0)) return;
  const box = mergeDims(counts, from.strides, to.strides);
  const run = box.counts.length - 1;
  const contiguous = box.counts[run] === 1 || (box.fromStrides[run] === 1 && box.toStrides[run] === 1);
  if (contiguous && ((box.counts[run] as number) * itemBytes >= LONG_RUN || itemBytes > 8)) {
    copyRuns(source, from.offset, target, to.offset, box, itemBytes);
    return;
  }
  // Elements of 8 bytes move as two words: a float64 could change the bits of what is no number.
  const wordBytes = itemBytes === 8 ? 4 : itemBytes;
  const words = itemBytes / wordBytes;
  const whole =
    words === 1
      ? box
      : mergeDims(
          [...box.counts, words],
          [...box.fromStrides.map((stride) => stride * words), 1],
          [...box.toStrides.map((stride) => stride * words), 1],
        );
  copyWords(wordsOf(source, wordBytes), from.offset * words, wordsOf(target, wordBytes), to.offset * words, whole);
}

interface Box {
  readonly counts: readonly number[];
  readonly fromStrides: readonly number[];
  readonly toStrides: readonly number[];
}

/** Joins neighboring dimensions that both sides walk as one, and leaves out those of size 1. */
function mergeDims(counts: readonly number[], fromStrides: readonly number[], toStrides: readonly number[]): Box {
  const box = { counts: [] as number[], fromStrides: [] as number[], toStrides: [] as number[] };
  for (let dim = counts.length - 1; dim >= 0; dim--) {
    const count = counts[dim] as number;
    const from = fromStrides[dim] as number;
    const to = toStrides[dim] as number;
    const inner = box.counts[0];
    if (count === 1) continue;
    if (
      inner !== undefined &&
      from === (box.fromStrides[0] as number) * inner &&
      to === (box.toStrides[0] as number) * inner
    )
      box.counts[0] = inner * count;
    else {
      box.counts.unshift(count);
      box.fromStrides.unshift(from);
      box.toStrides.unshift(to);
    }
  }
  return box.counts.length > 0 ? box : { counts: [1], fromStrides: [1], toStrides: [1] };
}

function copyRuns(source: Uint8Array, from: number, target: Uint8Array, to: number, box: Box, itemBytes: number): void {
  const runBytes = (box.counts.at(-1) as number) * itemBytes;
  forEachOuter(box, from, to, (fromElement, toElement) => {
    const at = fromElement * itemBytes;
    target.set(source.subarray(at, at + runBytes), toElement * itemBytes);
  });
}

type Words = Uint8Array | Uint16Array | Uint32Array;

function wordsOf(bytes: Uint8Array, wordBytes: number): Words {
  if (wordBytes === 1) return bytes;
  const aligned = bytes.byteOffset % wordBytes === 0 ? bytes : bytes.slice();
  const length = Math.floor(bytes.byteLength / wordBytes);
  return wordBytes === 2
    ? new Uint16Array(aligned.buffer, aligned.byteOffset, length)
    : new Uint32Array(aligned.buffer, aligned.byteOffset, length);
}

function copyWords(source: Words, from: number, target: Words, to: number, box: Box): void {
  const count = box.counts.at(-1) as number;
  const fromStride = box.fromStrides.at(-1) as number;
  const toStride = box.toStrides.at(-1) as number;
  forEachOuter(box, from, to, (fromElement, toElement) => {
    for (let index = 0; index < count; index++)
      target[toElement + index * toStride] = source[fromElement + index * fromStride] as number;
  });
}

/** Calls `visit` with both offsets of each run along the last dimension. */
function forEachOuter(box: Box, from: number, to: number, visit: (from: number, to: number) => void): void {
  const outer = box.counts.length - 1;
  const index = new Array<number>(outer).fill(0);
  let fromElement = from;
  let toElement = to;
  for (;;) {
    visit(fromElement, toElement);
    let dim = outer - 1;
    for (; dim >= 0; dim--) {
      fromElement += box.fromStrides[dim] as number;
      toElement += box.toStrides[dim] as number;
      index[dim] = (index[dim] as number) + 1;
      if ((index[dim] as number) < (box.counts[dim] as number)) break;
      fromElement -= (box.fromStrides[dim] as number) * (box.counts[dim] as number);
      toElement -= (box.toStrides[dim] as number) * (box.counts[dim] as number);
      index[dim] = 0;
    }
    if (dim < 0) return;
  }
}
