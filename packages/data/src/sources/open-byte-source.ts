import { fileURLToPath } from "node:url";
import { ConfigError } from "@graticule/core";
import type { ByteSource } from "./byte-source.js";
import { openFileSource } from "./file-source.js";
import { type HttpSourceOptions, openHttpSource } from "./http-source.js";

/**
 * Opens a file by path or `file:` URL, or an object by `http:`, `https:`, or the `s3:` or `gs:` address of a public
 * bucket.
 *
 * @throws {ConfigError} for another kind of address. @throws {FormatError} {HttpError} if it can't be opened.
 */
export async function openByteSource(uri: string, options: HttpSourceOptions = {}): Promise<ByteSource> {
  const address = resolveAddress(uri);
  return address.kind === "http" ? openHttpSource(address.url, options) : openFileSource(address.path);
}

/**
 * What an address stands for: a path, or a URL to ask over HTTP. `s3://bucket/key` and `gs://bucket/key` stand for
 * the HTTPS endpoints of public buckets.
 *
 * @throws {ConfigError} for another kind of address.
 */
export function resolveAddress(uri: string): { kind: "file"; path: string } | { kind: "http"; url: string } {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: "file", path: uri };
  if (scheme === "file") return { kind: "file", path: fileURLToPath(uri) };
  const bad = (expected: string): ConfigError =>
    new ConfigError(`openByteSource: expected ${expected}, got '${scheme}://…'. Check the address.`);
  if (scheme === "http" || scheme === "https") {
    if (!URL.canParse(uri)) throw bad("a URL");
    return { kind: "http", url: uri };
  }
  const [, bucket, key] = /^(?:s3|gs):\/\/([^/]+)\/(.+)$/i.exec(uri) ?? [];
  if (bucket === undefined || key === undefined)
    throw bad("a path, or file:, http:, https:, s3://bucket/key or gs://bucket/key");
  const path = key.split("/").map(encodeURIComponent).join("/");
  const host = scheme === "gs" ? `storage.googleapis.com/${bucket}` : `${bucket}.s3.amazonaws.com`;
  return { kind: "http", url: `https://${host}/${path}` };
}
