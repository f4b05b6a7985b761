// The entropy-coded bytes of a scan as bits. Source: ITU-T T.81, B.1.1.5.

/** What behind a segment's last bit may be read: more than an MCU takes. */
export const SLACK_BYTES: usize = 4096;
/** What `nextSegment` gives where the bytes end before a marker. */
export const CUT_OFF: i32 = -1;

/** Where the next marker, or the first byte, lies in the file, and where the file ends. */
let source: usize = 0;
let sourceEnd: usize = 0;
/** The segment's bytes, without those stuffed in, in words of 4, the first byte of each the highest. */
let words: usize = 0;
let wordsEnd: usize = 0;

/** The next bits, the first of them the highest; how many they are; the word behind them. */
export let bits: u64 = 0;
export let bitCount: i32 = 0;
export let nextWord: usize = 0;

export function setBits(newBits: u64, newCount: i32, newWord: usize): void {
  bits = newBits;
  bitCount = newCount;
  nextWord = newWord;
}

/** @param scratch room for as many bytes as the scan has, and `SLACK_BYTES`. */
export function openBits(from: usize, end: usize, scratch: usize): void {
  source = from;
  sourceEnd = end;
  words = scratch;
}

/** Unpacks the bytes up to the next marker. Gives that marker's code, or `CUT_OFF`. 16 bytes behind the file are read. */
export function nextSegment(): i32 {
  const stuffing = i8x16.splat(-1);
  let from = source;
  let to = words;
  let marker = CUT_OFF;
  while (from < sourceEnd) {
    const bytes = v128.load(from);
    const mask = i8x16.bitmask(i8x16.eq(bytes, stuffing));
    v128.store(to, bytes);
    const plain: usize = mask == 0 ? 16 : <usize>ctz(mask);
    from += plain;
    to += plain;
    if (mask == 0) continue;
    if (from + 1 >= sourceEnd) break;
    const code = load<u8>(from + 1);
    if (code == 0) {
      to++; // The byte 255, which is there.
      from += 2;
    } else if (code == 255) from++;
    else {
      marker = code;
      source = from + 2;
      break;
    }
  }
  wordsEnd = to;
  for (let word = words; word < to; word += 16)
    v128.store(word, v128.shuffle<u8>(v128.load(word), stuffing, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
  setBits(0, 0, words);
  return marker;
}

/** Bits of the segment that are left; below zero where more were taken than it has. */
// @ts-ignore
@inline
export function bitsLeft(): i32 {
  return bitCount + (<i32>(wordsEnd - nextWord) << 3);
}
