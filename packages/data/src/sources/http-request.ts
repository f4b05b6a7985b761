import type { IncomingMessage } from "node:http";
import { type HttpClock, systemClock } from "./http-clock.js";
import { HttpError, redactUrl } from "./http-error.js";
import { discardBody, ExchangeError, exchange } from "./http-exchange.js";

/** How servers are asked, and how patiently. */
export interface HttpOptions {
  /** Sent to the server that was named, never to another that it redirects to. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests for one read, the first included; 6 if absent. */
  readonly maxAttempts?: number;
  /** Longest time in which a connection may bring next to nothing; 30,000 if absent. */
  readonly stallTimeoutMs?: number;
  /** Time and chance; the system's if absent. */
  readonly clock?: HttpClock;
}

/** An address, and where it led at last. */
export interface HttpTarget {
  readonly url: URL;
  /** Where redirects led; asked first the next time. */
  redirected: URL | undefined;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;
const MAX_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];
const TRANSIENT_STATUSES = [408, 425, 429, 500, 502, 503, 504];
const DEFAULT_ATTEMPTS = 6;
const DEFAULT_STALL_MS = 30_000;

/**
 * Sends a GET, follows redirects, and tries again after transient failures: exponential waits with jitter, or as long
 * as `Retry-After` says. `read` gets the answers whose status is among `wanted`.
 *
 * @throws {HttpError} naming URL, range and attempts, when the server refuses or every attempt failed.
 */
export async function requestWithRetries<Result>(
  target: HttpTarget,
  { range, headers: own = {}, wanted }: HttpRequest,
  options: HttpOptions,
  read: (answer: IncomingMessage) => Promise<Result>,
): Promise<Result> {
  const { clock = systemClock, maxAttempts = DEFAULT_ATTEMPTS, stallTimeoutMs = DEFAULT_STALL_MS } = options;
  const url = redactUrl(target.url);
  for (let attempts = 1, redirects = 0, wasStale = false; ; ) {
    const asked = target.redirected ?? target.url;
    const shared = asked.origin === target.url.origin ? options.headers : {};
    const headers = { ...shared, ...own, ...(range && { range: range.replace(" ", "=") }) };
    const of = (status?: number) => ({ url, attempts, ...(range && { range }), ...(status && { status }) });
    try {
      const { result } = await exchange(asked, headers, { clock, stallMs: stallTimeoutMs }, async (answer) => {
        const status = answer.statusCode as number;
        if (wanted.includes(status)) return { result: await read(answer) };
        discardBody(answer);
        const location = REDIRECTS.includes(status) && answer.headers.location;
        if (!location) throw statusError(answer, clock);
        redirects += 1;
        target.redirected = parseRedirect(location, asked);
        if (target.redirected === undefined || redirects > MAX_REDIRECTS)
          throw new HttpError(of(status), "an HTTP address at the end of its redirects", "none", "Check the address.");
        return { result: undefined };
      });
      if (result !== undefined) return result;
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      const { transient, stale = false, status, retryAfterMs } = error.failure;
      if (stale && !wasStale) {
        wasStale = true;
        continue;
      }
      // An address that a redirect gave may have expired.
      if (status !== undefined && !transient && asked !== target.url && redirects === 0) {
        target.redirected = undefined;
        continue;
      }
      const tooLong = retryAfterMs !== undefined && retryAfterMs > LONGEST_WAIT_MS;
      if (!transient || attempts >= maxAttempts || tooLong) {
        const wait = tooLong ? `, which asks to wait ${Math.round(retryAfterMs / 1000)} s` : "";
        throw new HttpError(of(status), "an answer", error.message + wait, adviceFor(status), { cause: error });
      }
      const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1)) * (0.5 + clock.random() / 2);
      await new Promise<void>((resolve) => clock.after(retryAfterMs ?? backoff, resolve));
      attempts += 1;
    }
  }
}

export interface HttpRequest {
  /** As messages show it: `bytes 0-99`. */
  readonly range?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that `read` understands. */
  readonly wanted: readonly number[];
}

function statusError(answer: IncomingMessage, clock: HttpClock): ExchangeError {
  const status = answer.statusCode as number;
  const after = answer.headers["retry-after"];
  const wait = after === undefined ? NaN : /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - clock.now();
  return new ExchangeError(`status ${status}`, {
    transient: TRANSIENT_STATUSES.includes(status),
    status,
    ...(wait >= 0 && { retryAfterMs: wait }),
  });
}

function adviceFor(status: number | undefined): string {
  if (status === 401 || status === 403) return "It wants credentials: give them as headers or in the address.";
  if (status === 404 || status === 410) return "Check the address.";
  return "Check that the server is reachable and well, or try later.";
}

function parseRedirect(location: string, from: URL): URL | undefined {
  if (!URL.canParse(location, from)) return undefined;
  const url = new URL(location, from);
  return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
}
