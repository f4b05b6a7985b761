import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll } from "vitest";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A request as the server saw it. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** Of the connection; the same for requests that share one. */
  readonly port: number | undefined;
}

/** A server on this machine that tests can look at: what was asked, over how many connections. */
export interface RangeServer {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** Answers instead of the objects until it is undefined again. */
  handler: Handler | undefined;
  readonly objects: Map<string, Uint8Array>;
}

/** Starts a server that serves `objects` by ranges, for the tests of one file. */
export function startRangeServer(): RangeServer {
  let url = "";
  const requests: SeenRequest[] = [];
  const objects = new Map<string, Uint8Array>();
  const server: RangeServer = {
    get url() {
      return url;
    },
    requests,
    handler: undefined,
    objects,
  };
  const http = createServer((request, response) => {
    const path = new URL(request.url as string, "http://server").pathname;
    requests.push({ path, headers: request.headers, port: request.socket.remotePort });
    const bytes = objects.get(path);
    if (server.handler) server.handler(request, response);
    else if (bytes) serveRange(bytes, request, response);
    else response.writeHead(404, { "content-length": 0 }).end();
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    http.closeAllConnections();
    http.close();
  });
  return server;
}

/** Answers a range with 206, 416 past the end. */
export function serveRange(bytes: Uint8Array, request: IncomingMessage, response: ServerResponse, etag = '"1"'): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(first);
  const stale = request.headers["if-range"] !== undefined && request.headers["if-range"] !== etag;
  if (first === undefined || stale) response.writeHead(200, { "content-length": bytes.length, etag }).end(bytes);
  else if (start >= bytes.length)
    response.writeHead(416, { "content-range": `bytes */${bytes.length}`, "content-length": 0, etag }).end();
  else {
    const part = bytes.subarray(start, Number(last) + 1);
    const range = `bytes ${start}-${start + part.length - 1}/${bytes.length}`;
    response.writeHead(206, { "content-range": range, "content-length": part.length, etag }).end(part);
  }
}
