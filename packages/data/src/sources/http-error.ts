import { expectation, GraticuleError } from "@graticule/core";

/** What an HTTP request was after, for messages and for callers that react. */
export interface HttpAttempts {
  /** Without user, password and the query's values. */
  readonly url: string;
  /** The bytes asked for, e.g. `bytes 0-16383`; absent if the whole object was. */
  readonly range?: string;
  readonly attempts: number;
  /** The last answer's status; absent if there was none. */
  readonly status?: number;
}

/** Thrown when a server refuses, or fails after every retry; code `GRATICULE_HTTP`. */
export class HttpError extends GraticuleError implements HttpAttempts {
  readonly url: string;
  readonly range?: string;
  readonly attempts: number;
  readonly status?: number;

  constructor(of: HttpAttempts, expected: string, got: string, advice: string, options?: ErrorOptions) {
    const { url, range, attempts, status } = of;
    const tries = attempts === 1 ? "" : ` after ${attempts} attempts`;
    super("GRATICULE_HTTP", expectation(`${url}${range ? ` (${range})` : ""}`, expected, got + tries, advice), options);
    this.url = url;
    this.attempts = attempts;
    if (range !== undefined) this.range = range;
    if (status !== undefined) this.status = status;
  }
}

/** A URL as messages may show it: no user, no password, and of the query (which may sign the request) the names only. */
export function redactUrl(url: URL): string {
  const names = [...url.searchParams.keys()];
  const query = names.length > 0 ? `?${names.map((name) => `${name}=…`).join("&")}` : "";
  return `${url.protocol}//${url.host}${url.pathname}${query}`;
}
