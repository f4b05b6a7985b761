/** One directory of a little-endian TIFF: where it lies, and each tag's numbers. */
export interface TestDirectory {
  readonly offset: number;
  readonly tags: ReadonlyMap<number, readonly number[]>;
}

const READERS: Readonly<Record<number, readonly [bytes: number, read: (view: DataView, at: number) => number]>> = {
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at) => view.getUint16(at, true)],
  4: [4, (view, at) => view.getUint32(at, true)],
  12: [8, (view, at) => view.getFloat64(at, true)],
  16: [8, (view, at) => Number(view.getBigUint64(at, true))],
};

/** Reads all directories of a TIFF by the letter of the format, apart from the package's own reader. */
export function readDirectories(bytes: Uint8Array): TestDirectory[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const big = view.getUint16(2, true) === 43;
  const wide = (at: number): number => (big ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true));
  const directories: TestDirectory[] = [];
  for (let offset = wide(big ? 8 : 4); offset !== 0; ) {
    const count = big ? wide(offset) : view.getUint16(offset, true);
    let at = offset + (big ? 8 : 2);
    const tags = new Map<number, readonly number[]>();
    for (let entry = 0; entry < count; entry++, at += big ? 20 : 12) {
      const [size, read] = READERS[view.getUint16(at + 2, true)] as (typeof READERS)[0];
      const length = wide(at + 4);
      const inline = at + (big ? 12 : 8);
      const from = length * size <= (big ? 8 : 4) ? inline : wide(inline);
      tags.set(
        view.getUint16(at, true),
        Array.from({ length }, (_, index) => read(view, from + index * size)),
      );
    }
    directories.push({ offset, tags });
    offset = wide(at);
  }
  return directories;
}

/**
 * Breaches of the rules of Cloud Optimized GeoTIFF that rio-cogeo and GDAL's validator test, and of the promises in
 * the structural metadata.
 */
export function breachesOfCog(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const big = view.getUint16(2, true) === 43;
  const directories = readDirectories(bytes);
  const breaches: string[] = [];
  const rule = (holds: boolean, text: string): void => {
    if (!holds) breaches.push(text);
  };
  const one = (directory: TestDirectory | undefined, tag: number): number => directory?.tags.get(tag)?.[0] ?? 0;
  const start = new TextDecoder("latin1").decode(bytes.subarray(big ? 16 : 8, 400));
  const declared = Number(/^GDAL_STRUCTURAL_METADATA_SIZE=(\d{6}) bytes\n/.exec(start)?.[1]);
  const ghostEnd = (big ? 16 : 8) + 43 + declared;
  rule(directories[0]?.offset === ghostEnd + (ghostEnd % 2), "the first directory follows the structural metadata");
  rule(/KNOWN_INCOMPATIBLE_EDITION=NO\n $/.test(start.slice(0, 43 + declared)), "structural metadata of its length");
  let end = Infinity;
  for (const [level, directory] of directories.entries()) {
    const { offset, tags } = directory;
    const [previous, larger] = [directories[level - 1]?.offset ?? 0, directories[level - 1]];
    rule(offset > previous, `directory ${level} lies behind the one before`);
    rule(one(directory, 254) === (level > 0 ? 1 : 0), `directory ${level} says whether it is an overview`);
    rule(one(directory, 322) % 16 === 0 && one(directory, 322) > 0, `level ${level} is tiled`);
    if (larger) rule(one(directory, 256) === Math.ceil(one(larger, 256) / 2), `level ${level} is half as wide`);
    const offsets = tags.get(324) ?? [];
    const counts = tags.get(325) ?? [];
    let last = 0;
    for (const [tile, at] of offsets.entries()) {
      const length = counts[tile] as number;
      if (length === 0) continue;
      rule(at > last && at + length < end, `tile ${tile} of level ${level} lies in order`);
      rule(view.getUint32(at - 4, true) === length, `tile ${tile} of level ${level} follows its length`);
      const tail = view.getUint32(at + length - 4, true);
      rule(view.getUint32(at + length, true) === tail, `tile ${tile} of level ${level} ends in its last bytes again`);
      last = at + length;
    }
    const first = offsets.find((at) => at > 0) ?? 0;
    rule(first > (directories.at(-1)?.offset ?? 0), `level ${level}'s tiles lie behind all directories`);
    end = first || end;
  }
  return breaches;
}
