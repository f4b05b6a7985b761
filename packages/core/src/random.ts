/**
 * Counter-based random numbers: every stream is a pure function of its key, so a mask or a crop depends on
 * (seed, epoch, sample) and never on which worker or rank drew it.
 *
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Philox4x32-10).
 */
export interface Random {
  /** Uniform integer in [0, 2³²). */
  uint32(): number;
  /** Uniform float in [0, 1), 2⁻³² apart. */
  float(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** Standard normal value (Box–Muller). */
  normal(): number;
  /** Uniform permutation of 0 … length − 1 (Fisher–Yates). */
  permutation(length: number): Int32Array;
  /** Goes to the start of a part of the stream, 0 to 2³² − 1, wherever it was; 0 is where it began. Parts never meet. */
  jump(part: number): void;
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** High 32 bits of the product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16); // both sums stay below 2³²
  const middle2 = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (middle2 >>> 16)) >>> 0;
}

/** Philox4x32-10: ten rounds over a 128-bit counter with a 64-bit key, both as unsigned 32-bit words. */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Folds a word of text into 32 bits (FNV-1a), so that streams can be named. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/**
 * Makes the random stream that belongs to a seed and a path of names and numbers, e.g. `("mask", epoch, sample)`.
 *
 * @throws {RangeError} if the seed or a number in the path is not a non-negative safe integer.
 */
export function makeRandom(seed: number, ...path: readonly (string | number)[]): Random {
  let key: [number, number] = [0, 0];
  for (const part of [seed, ...path]) {
    if (typeof part === "number" && !(Number.isSafeInteger(part) && part >= 0))
      throw new RangeError(
        `makeRandom: expected non-negative integers, got ${part}. Use whole numbers for seed and path.`,
      );
    const isText = typeof part === "string";
    const low = isText ? hashText(part) : part >>> 0;
    const high = isText ? part.length : Math.floor(part / 0x100000000);
    const mixed = philox4x32([low, high, isText ? 1 : 0, 0], key);
    key = [mixed[0], mixed[1]];
  }
  let part = 0;
  let block = 0;
  let words: readonly number[] = [];
  let next = 4;
  let spareNormal: number | undefined;

  function uint32(): number {
    if (next === 4) {
      words = philox4x32([block >>> 0, Math.floor(block / 0x100000000), part, 2], key);
      block += 1;
      next = 0;
    }
    return words[next++] as number;
  }
  const float = (): number => uint32() / 0x100000000;
  function integer(bound: number): number {
    if (!(Number.isInteger(bound) && bound > 0 && bound <= 0x100000000))
      throw new RangeError(`random.integer: expected a bound from 1 to 2^32, got ${bound}.`);
    const limit = 0x100000000 - (0x100000000 % bound);
    let value = uint32();
    while (value >= limit) value = uint32();
    return value % bound;
  }
  function normal(): number {
    if (spareNormal !== undefined) {
      const value = spareNormal;
      spareNormal = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - float()));
    const angle = 2 * Math.PI * float();
    spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
  function permutation(length: number): Int32Array {
    const order = Int32Array.from({ length }, (_, index) => index);
    for (let index = length - 1; index > 0; index--) {
      const other = integer(index + 1);
      const kept = order[index] as number;
      order[index] = order[other] as number;
      order[other] = kept;
    }
    return order;
  }
  function jump(to: number): void {
    if (!(Number.isInteger(to) && to >= 0 && to < 0x100000000))
      throw new RangeError(`random.jump: expected a part from 0 to 2^32 - 1, got ${to}.`);
    [part, block, next, spareNormal] = [to, 0, 4, undefined];
  }
  return { uint32, float, integer, normal, permutation, jump };
}
