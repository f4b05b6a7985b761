import type { IncomingMessage } from "node:http";
import { FormatError } from "@graticule/core";
import { beginWork, endRead } from "../thread-work.js";
import { assertByteRange, type ByteSource, makeMemorySource } from "./byte-source.js";
import { HttpError, redactUrl } from "./http-error.js";
import { discardBody, ExchangeError, readBody } from "./http-exchange.js";
import { type HttpOptions, type HttpTarget, requestWithRetries } from "./http-request.js";

export interface HttpSourceOptions extends HttpOptions {
  /** Bytes from the object's start that the first request brings; 32 kB if absent, which holds most headers. */
  readonly headBytes?: number;
  /** Largest object that may be kept in memory whole when the server doesn't serve ranges; 64 MB if absent. */
  readonly maxWholeBytes?: number;
}

const DEFAULT_HEAD_BYTES = 2 ** 15;
const DEFAULT_WHOLE_BYTES = 2 ** 26;

/** What a round trip costs in bytes that could have come meanwhile. */
const GAP_BYTES = 2 ** 16;

/** What tells one version of an object from the next. */
interface Version {
  readonly size: number;
  readonly etag: string | undefined;
  readonly modified: string | undefined;
}

/**
 * Opens an object behind HTTP for reading by ranges. One request finds its size and brings its start; each read
 * beyond that is one more. Where a server ignores ranges, a small object is fetched whole, a large one refused.
 *
 * @throws {HttpError} if the server refuses, or fails after retries. @throws {FormatError} from a read, if the object
 * has changed since it was opened.
 */
export async function openHttpSource(address: string, options: HttpSourceOptions = {}): Promise<ByteSource> {
  const { headBytes = DEFAULT_HEAD_BYTES, maxWholeBytes = DEFAULT_WHOLE_BYTES } = options;
  const target: HttpTarget = { url: new URL(address), redirected: undefined };
  const uri = redactUrl(target.url);
  const range = `bytes 0-${headBytes - 1}`;
  const start = beginWork();
  const { head, version } = await requestWithRetries(target, { range, wanted: [200, 206, 416] }, options, (answer) =>
    readHead(answer, { url: uri, range, attempts: 1 }, headBytes, maxWholeBytes),
  );
  endRead(start, uri, head.length);
  if (head.length >= version.size) return makeMemorySource(uri, head);
  const { size, etag } = version;
  // Only a strong tag may be a condition. Source: RFC 9110, section 13.1.5.
  const headers: Record<string, string> = etag?.startsWith('"') ? { "if-range": etag } : {};

  async function read(offset: number, length: number, what: string, into?: Uint8Array): Promise<Uint8Array> {
    assertByteRange({ uri, size }, offset, length, what);
    if (offset + length <= head.length) return head.subarray(offset, offset + length);
    if (length === 0) return new Uint8Array(0);
    const wantedRange = `bytes ${offset}-${offset + length - 1}`;
    const request = { range: wantedRange, headers, wanted: [200, 206, 412, 416] };
    const start = beginWork();
    const bytes = await requestWithRetries(target, request, options, async (answer) => {
      const found = parseVersion(answer);
      const partial = answer.statusCode === 206;
      if (!partial || !sameVersion(found, version)) discardBody(answer);
      if (!partial && answer.statusCode === 200 && sameVersion({ ...found, size }, version))
        throw new HttpError(
          { url: uri, range: wantedRange, attempts: 1, status: 200 },
          "the range",
          "the whole object",
          "The server stopped serving ranges: try later, or fetch the file.",
        );
      if (!partial || !sameVersion(found, version))
        throw new FormatError(
          uri,
          `the object of ${size} bytes as it was opened`,
          `another version (status ${answer.statusCode}, ${found.size} bytes)`,
          "It changed while it was read: open it again.",
        );
      const served = answer.headers["content-range"]?.replace(/\/.*/, "");
      if (served !== wantedRange) {
        discardBody(answer);
        throw new ExchangeError(`'${served}'`, { transient: true });
      }
      return readBody(answer, length, length, into);
    });
    endRead(start, uri, length);
    return bytes;
  }

  return { uri, size, gapBytes: GAP_BYTES, read, close: async () => {} };
}

/**
 * Fetches a whole object, such as a chunk of a Zarr store; undefined where the server has none (404, 410).
 *
 * @throws {HttpError} if it is larger than `maxBytes`, or the server refuses, or fails after retries.
 */
export async function fetchObject(
  address: string,
  { maxBytes, ...options }: HttpOptions & { readonly maxBytes: number },
): Promise<Uint8Array | undefined> {
  const target: HttpTarget = { url: new URL(address), redirected: undefined };
  const of = { url: redactUrl(target.url), attempts: 1, status: 200 };
  const start = beginWork();
  const { bytes } = await requestWithRetries(target, { wanted: [200, 404, 410] }, options, async (answer) => {
    if (answer.statusCode !== 200) {
      discardBody(answer);
      return { bytes: undefined };
    }
    return { bytes: await readWhole(answer, of, maxBytes) };
  });
  endRead(start, of.url, bytes?.length ?? 0);
  return bytes;
}

async function readHead(
  answer: IncomingMessage,
  of: { readonly url: string; readonly range: string; readonly attempts: number },
  headBytes: number,
  maxWholeBytes: number,
): Promise<{ readonly head: Uint8Array; readonly version: Version }> {
  const status = answer.statusCode as number;
  const version = parseVersion(answer);
  if (status === 200) {
    const head = await readWhole(answer, { ...of, status }, maxWholeBytes);
    return { head, version: { ...version, size: head.length } };
  }
  const served = /^bytes 0-(\d+)\/\d+$/.exec(answer.headers["content-range"] ?? "");
  const length = Number(served?.[1]) + 1;
  if (status === 416 && version.size === 0) {
    discardBody(answer);
    return { head: new Uint8Array(0), version };
  }
  if (!(length <= version.size && length <= headBytes)) {
    discardBody(answer);
    throw new HttpError(
      { ...of, status },
      "a Content-Range with the object's size",
      JSON.stringify(answer.headers["content-range"] ?? null),
      "The server doesn't serve ranges as HTTP asks: fetch the file.",
    );
  }
  return { head: await readBody(answer, length, length), version };
}

async function readWhole(
  answer: IncomingMessage,
  of: { readonly url: string; readonly range?: string; readonly attempts: number; readonly status: number },
  limit: number,
): Promise<Uint8Array> {
  const declared = answer.headers["content-length"];
  const length = declared === undefined ? undefined : Number(declared);
  const tooLarge = (got: string): HttpError =>
    new HttpError(
      of,
      of.range === undefined
        ? `an object of at most ${limit} bytes`
        : `the range, or a whole of at most ${limit} bytes`,
      got,
      of.range === undefined
        ? "Raise maxBytes if it is sound."
        : "The server ignores ranges: fetch the file and open that, or raise maxWholeBytes.",
    );
  if ((length ?? 0) > limit) {
    answer.destroy();
    throw tooLarge(`${length} bytes`);
  }
  return readBody(answer, length, limit).catch((error) => {
    throw error instanceof ExchangeError && !error.failure.transient ? tooLarge(error.message) : error;
  });
}

function parseVersion({ headers }: IncomingMessage): Version {
  const total = /\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1] ?? headers["content-length"];
  return { size: Number(total), etag: headers.etag, modified: headers["last-modified"] };
}

/** Two answers without a tag or date in common are told apart by size alone. */
function sameVersion(a: Version, b: Version): boolean {
  if (a.size !== b.size) return false;
  if (a.etag !== undefined && b.etag !== undefined) return a.etag === b.etag;
  return a.modified === undefined || b.modified === undefined || a.modified === b.modified;
}
