import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigError, type Logger, silentLogger } from "@graticule/core";
import { rankClasses } from "../predict/predict-images.js";
import { scorePrepared, type WindowModel } from "../predict/window-model.js";
import { atMost } from "./at-most.js";
import { makeBatchQueue } from "./batch-queue.js";
import { decodeUpload } from "./decode-upload.js";
import { frontPage } from "./front-page.js";
import { openApiDocument } from "./openapi.js";
import { Problem, send, sendJson, sendProblem } from "./problem.js";
import { readUpload } from "./read-upload.js";

export interface ServeOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Images of one forward pass at most. */
  readonly batchSize: number;
  /** How long an image waits for others to share a pass with. Units: milliseconds. */
  readonly maxWaitMs: number;
  /** Units: bytes. */
  readonly maxBodyBytes: number;
  readonly maxPixels: number;
  /** Requests that are read, decoded or waiting at a time; others are turned away. */
  readonly maxPending: number;
  /** How long a client may take to send a request. Units: milliseconds. */
  readonly requestTimeoutMs: number;
  readonly logger?: Logger;
}

/** A server that takes requests. */
export interface ClassifyServer {
  readonly host: string;
  readonly port: number;
  /** Forward passes so far. */
  readonly batches: number;
  /** Takes no more requests, answers those that it has, then resolves. */
  close(): Promise<void>;
}

/** Connections that are open at a time; more are dropped. */
const MAX_CONNECTIONS = 1024;
const IDLE_MS = 5_000;
/** Images that lie in memory at their full size at a time; as many as sharp has threads. */
const DECODERS = 4;

/**
 * Serves a model over HTTP: `POST /classify` takes an image and gives its classes, `GET /health`, `GET /openapi.json` and
 * `GET /` describe the server. Images that come within a few milliseconds share a forward pass. Nothing in a request names a
 * file.
 *
 * @throws {ConfigError} if the model doesn't classify whole images, or the address is taken.
 */
export async function openClassifyServer(model: WindowModel, options: ServeOptions): Promise<ClassifyServer> {
  const { maxBodyBytes, maxPixels, maxPending, requestTimeoutMs, logger = silentLogger } = options;
  if (model.meaning.kind !== "classes" || model.isDense)
    throw new ConfigError(
      `serve: expected a run that classifies whole images, got one of ${model.isDense ? "pixels" : "real values"}. Use predict.`,
    );
  const { classNames } = model.meaning;
  const queue = makeBatchQueue({
    batchSize: options.batchSize,
    maxWaitMs: options.maxWaitMs,
    areMoreNear: () => decoding > 0,
    run: (images: readonly Float32Array[]) => scorePrepared(model, images),
  });
  const channels = model.schema.map(({ name }) => name);
  const openApi = openApiDocument({ classNames, channels, maxBodyBytes, maxPixels });
  let pending = 0;
  let decoding = 0;
  let stopping = false;
  const decode = atMost(DECODERS, (bytes: Uint8Array) => decodeUpload(model, bytes, maxPixels));

  async function classify(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> {
    const top = readTop(query, classNames.length);
    assertOpen();
    if (pending >= maxPending)
      throw new Problem(503, `${pending} requests are waiting. Try again in a second.`, { "retry-after": "1" });
    pending += 1;
    try {
      const bytes = await readUpload(request, maxBodyBytes);
      decoding += 1;
      const { prepared, height, width } = await decode(bytes).finally(() => {
        decoding -= 1;
      });
      const { values } = await queue.submit(prepared);
      sendJson(response, { classes: rankClasses(values, classNames).slice(0, top), width, height });
    } finally {
      pending -= 1;
    }
  }

  function assertOpen(): void {
    if (stopping) throw new Problem(503, "The server is stopping.", { "retry-after": "5" });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = parseTarget(request);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const isKnown = ["/", "/health", "/openapi.json", "/classify"].includes(pathname);
    if (!isKnown)
      throw new Problem(404, `expected /classify, /health or /openapi.json, got ${pathname.slice(0, 100)}.`);
    const allowed = pathname === "/classify" ? "POST" : "GET";
    if (method !== allowed)
      throw new Problem(405, `expected ${allowed} for ${pathname}, got ${request.method}.`, { allow: allowed });
    if (pathname === "/classify") await classify(request, response, searchParams);
    else if (pathname === "/openapi.json") sendJson(response, openApi);
    else if (pathname === "/health") {
      assertOpen();
      sendJson(response, { status: "ok", pending });
    } else send(response, 200, "text/html; charset=utf-8", frontPage(classNames, request.headers.host ?? "localhost"));
  }

  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
    },
    (request, response) => {
      request.on("error", () => {}); // A client that is gone.
      response.on("error", () => {});
      answer(request, response).catch((error: unknown) => {
        if (response.headersSent) return response.destroy();
        if (!(error instanceof Problem)) logger.error(`serve: ${(error as Error).stack ?? error}`);
        const problem =
          error instanceof Problem ? error : new Problem(500, "The model failed. The server's log says why.");
        // What is left of the body is thrown away, and the connection with it.
        if (!request.complete) response.setHeader("connection", "close");
        sendProblem(response, problem);
        request.resume();
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        new ConfigError(
          `serve: expected an address that is free, got ${cause.code} for ${options.host}:${options.port}. Choose another --port.`,
          { cause },
        ),
      ),
    );
    server.listen(options.port, options.host, resolve);
  });
  const { address: host, port } = server.address() as AddressInfo;

  function close(): Promise<void> {
    stopping = true;
    // A connection whose last answer is sent stays open for the next request otherwise.
    const sweeper = setInterval(() => server.closeIdleConnections(), 20);
    return new Promise((resolve) => {
      server.close(() => {
        clearInterval(sweeper);
        resolve();
      });
    });
  }

  return {
    ...{ host, port, close },
    get batches() {
      return queue.batches;
    },
  };
}

/** @throws {Problem} 400 for a target that is no path. */
function parseTarget({ url = "/" }: IncomingMessage): URL {
  if (!url.startsWith("/") || !URL.canParse(url, "http://localhost"))
    throw new Problem(400, "expected a path, got none.");
  return new URL(url, "http://localhost");
}

/** @throws {Problem} 400 if it is no number of classes. */
function readTop(query: URLSearchParams, numClasses: number): number {
  const text = query.get("top");
  if (text === null) return numClasses;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Problem(400, `expected top as a whole number of 1 or more, got '${text.slice(0, 20)}'.`);
}
