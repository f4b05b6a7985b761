import { FormatError } from "@graticule/core";
import { crc32 } from "./crc32.js";

/** When blocks are held against their checksums. */
export type VerifyBlocks = "once" | "always" | "never";

/** A channel of a record: the block's place among all of the folder, and what messages say. */
export interface BlockPlace {
  readonly place: number;
  readonly path: string;
  readonly record: number;
  readonly channel: number;
  readonly expected: number;
}

/**
 * Makes the check of blocks as they are read; `once` it is done at the first read of each.
 *
 * @returns a function that throws a {FormatError} naming file, record and channel of a damaged block.
 */
export function makeBlockCheck(verify: VerifyBlocks, blocks: number): (block: Uint8Array, at: BlockPlace) => void {
  if (verify === "never") return () => {};
  // A bit for each block.
  const seen = new Uint8Array(verify === "once" ? Math.ceil(blocks / 8) : 0);
  return (block, { place, path, record, channel, expected }) => {
    const [byte, bit] = [place >>> 3, 1 << (place & 7)];
    if (verify === "once" && ((seen[byte] as number) & bit) !== 0) return;
    const found = crc32(block);
    if (found !== expected)
      throw new FormatError(
        path,
        `channel ${channel} of record ${record} with CRC-32 ${expected}`,
        `${found}`,
        "The file is damaged: copy or pack it again.",
      );
    if (verify === "once") seen[byte] = (seen[byte] as number) | bit;
  };
}
