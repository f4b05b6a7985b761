import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { HttpClock } from "./http-clock.js";

/** Why an exchange ended early. */
export interface ExchangeFailure {
  /** Trying again may help. */
  readonly transient: boolean;
  /** A kept connection turned out to be closed: nothing is wrong with the server. */
  readonly stale?: boolean;
  readonly status?: number;
  /** How long the server asks to wait. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Thrown within this folder when an exchange fails; `requestWithRetries` tries again or tells the caller. */
export class ExchangeError extends Error {
  readonly failure: ExchangeFailure;

  constructor(message: string, failure: ExchangeFailure) {
    super(message, { cause: failure.cause });
    this.failure = failure;
  }
}

/** Connections are kept and used again, the freshest first; this many at once to one server. */
const AGENT = { keepAlive: true, maxSockets: 16, scheduling: "lifo" } as const;
const agents = { http: new HttpAgent(AGENT), https: new HttpsAgent(AGENT) } as const;

const TRANSIENT = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
]);

/** A connection that brings less than this within the stall time is given up. Units: bytes. */
const LEAST_PROGRESS = 1024;

/** Sends a GET and hands the answer, its body still to be read, to `use`. */
export function exchange<Result>(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { clock, stallMs }: { readonly clock: HttpClock; readonly stallMs: number },
  use: (answer: IncomingMessage) => Promise<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const [send, agent] =
      url.protocol === "https:" ? ([requestHttps, agents.https] as const) : ([requestHttp, agents.http] as const);
    const request = send(url, { agent, headers: { "accept-encoding": "identity", ...headers } });
    let cancel = (): void => {};
    let answered = false;
    const fail = (error: unknown): void => {
      cancel();
      reject(error);
    };
    // The time in the agent's queue doesn't count.
    request.on("socket", (socket) => {
      let seen = socket.bytesRead;
      const check = (): void => {
        if (socket.bytesRead - seen < LEAST_PROGRESS) {
          const message = `${answered ? "a body that stalled" : "no answer"} for ${stallMs} ms`;
          fail(new ExchangeError(message, { transient: true }));
          request.destroy();
        } else {
          seen = socket.bytesRead;
          cancel = clock.after(stallMs, check);
        }
      };
      cancel = clock.after(stallMs, check);
    });
    request.on("error", (cause: NodeJS.ErrnoException) => {
      const { code = "", message } = cause;
      const stale = request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
      const text = code === "ECONNRESET" ? "a closed connection" : code || message;
      fail(new ExchangeError(text, { transient: TRANSIENT.has(code), stale, cause }));
    });
    request.on("response", (answer) => {
      answered = true;
      answer.on("error", () => {}); // readBody tells; one that isn't read has no one to tell.
      use(answer).then((result) => {
        cancel();
        resolve(result);
      }, fail);
    });
    request.end();
  });
}

/**
 * Reads a body of exactly `length` bytes, or of at most `limit` if the length isn't known.
 *
 * @param into memory of that length to read into; fresh if absent.
 * @throws {ExchangeError} if the body is cut short (transient) or longer.
 */
export function readBody(
  answer: IncomingMessage,
  length: number | undefined,
  limit: number,
  into?: Uint8Array,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const whole = into ?? (length === undefined ? undefined : new Uint8Array(length));
    const chunks: Uint8Array[] = [];
    const most = length ?? limit;
    let at = 0;
    answer.on("data", (chunk: Buffer) => {
      if (at + chunk.length > most) {
        reject(new ExchangeError(`more than ${most} bytes`, { transient: false }));
        answer.destroy();
        return;
      }
      if (whole) whole.set(chunk, at);
      else chunks.push(chunk);
      at += chunk.length;
    });
    answer.on("close", () => {
      if (answer.complete && (length === undefined || at === length)) resolve(whole ?? joinChunks(chunks, at));
      else reject(new ExchangeError(`${at} of ${length ?? "unknown"} bytes`, { transient: true }));
    });
  });
}

/** Most bytes of an unwanted body that are read so that its connection can be kept. */
const MAX_DISCARDED_BYTES = 2 ** 14;

/** Lets go of an answer whose body isn't wanted. */
export function discardBody(answer: IncomingMessage): void {
  if (Number(answer.headers["content-length"] ?? Infinity) <= MAX_DISCARDED_BYTES) answer.resume();
  else answer.destroy();
}

function joinChunks(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
