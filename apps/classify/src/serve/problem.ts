import type { ServerResponse } from "node:http";

/** Names of the answers that the server gives instead of a result. Source: RFC 9110, section 15. */
const TITLES = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

export type ProblemStatus = keyof typeof TITLES;

/** A request that can't be answered with a result. */
export class Problem extends Error {
  readonly status: ProblemStatus;
  /** More headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: ProblemStatus, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

/** Answers with a result. */
export function sendJson(response: ServerResponse, value: unknown): void {
  send(response, 200, "application/json", JSON.stringify(value));
}

/** Answers with what went wrong. Source: RFC 9457. */
export function sendProblem(response: ServerResponse, { status, message, headers }: Problem): void {
  const body = { type: "about:blank", title: TITLES[status], status, detail: message };
  send(response, status, "application/problem+json", JSON.stringify(body), headers);
}

/** Answers once; does nothing where the client is gone. */
export function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...headers, "content-type": contentType, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
