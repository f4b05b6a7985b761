import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { FormatError } from "@graticule/core";

/** What a file's bytes must hash to, in hexadecimal digits. */
export interface Checksum {
  readonly algorithm: "md5" | "sha256";
  readonly hex: string;
}

/**
 * Reads a file through and compares.
 *
 * @throws {FormatError} naming the file and both checksums if they differ.
 */
export async function verifyChecksum(path: string, { algorithm, hex }: Checksum, advice?: string): Promise<void> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array);
  const found = hash.digest("hex");
  if (found !== hex.toLowerCase())
    throw new FormatError(
      path,
      `${algorithm} ${hex}`,
      found,
      advice ?? "The file is damaged or another version: fetch it again.",
    );
}
