import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { openByteSource, resolveAddress } from "@graticule/data";

/** What a map follows from: the same again gives the same map. */
export interface MapIdentity {
  /** Hash of the run's weights, and of its probe's. */
  readonly run: string;
  readonly source: SourceFingerprint;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What tells a file from a changed one without reading it whole. */
export interface SourceFingerprint {
  readonly bytes: number;
  /** SHA-256 of its first and last 64 KiB. */
  readonly ends: string;
  /** Time of a local file's last change. Units: milliseconds since 1970. */
  readonly modified?: number;
}

const END_BYTES = 2 ** 16;

/** Takes the fingerprint of a file by path or URL. @throws {FormatError} {HttpError} if it can't be read. */
export async function fingerprintSource(uri: string): Promise<SourceFingerprint> {
  const source = await openByteSource(uri);
  try {
    const length = Math.min(END_BYTES, source.size);
    const hash = createHash("sha256");
    for (const offset of [0, source.size - length]) hash.update(await source.read(offset, length, "the file's ends"));
    const address = resolveAddress(uri);
    const modified = address.kind === "file" ? (await stat(address.path)).mtimeMs : undefined;
    return { bytes: source.size, ends: hash.digest("hex"), ...(modified !== undefined && { modified }) };
  } finally {
    await source.close();
  }
}

/** The first part in which two identities differ, in words; undefined if they are the same. */
export function changedPart(before: MapIdentity, now: MapIdentity): string | undefined {
  const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  if (!isSame(before.run, now.run)) return "the run";
  if (!isSame(before.source, now.source)) return "the source";
  const names = new Set([...Object.keys(before.settings ?? {}), ...Object.keys(now.settings)]);
  const name = [...names].find((setting) => !isSame(before.settings?.[setting], now.settings[setting]));
  return name && `the setting '${name}'`;
}
