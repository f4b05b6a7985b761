import { FormatError } from "@graticule/core";
import { beforeEach, expect, test } from "vitest";
import { fetchObject, type HttpClock, HttpError, openByteSource, readRanges, resolveAddress } from "../src/index.js";
import { serveRange, startRangeServer } from "./range-server.js";

const server = startRangeServer();
const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7 + (index >> 8)) & 255);
const waits: number[] = [];
/** Waits pass at once and are noted; the stall timer (111 ms) never fires unless a test fires it. */
const stallTimers = new Set<() => void>();
const clock: HttpClock = {
  now: () => Date.parse("2024-05-01T00:00:00Z"),
  random: () => 0.5,
  after(milliseconds, callback) {
    if (milliseconds === 111) {
      stallTimers.add(callback);
      return () => stallTimers.delete(callback);
    }
    waits.push(milliseconds);
    queueMicrotask(callback);
    return () => {};
  },
};
const options = { clock, stallTimeoutMs: 111, headBytes: 1000 };
const message = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: Error) => `${error.name}: ${error.message.replaceAll(server.url, "SERVER")}`,
  );

beforeEach(() => {
  server.handler = undefined;
  server.objects.set("/object", bytes);
  server.requests.length = 0;
  waits.length = 0;
  stallTimers.clear();
});

test("one request finds the size and brings the start; a read beyond is one more, on the same connection", async () => {
  const source = await openByteSource(`${server.url}/object`, options);
  expect([source.size, source.uri]).toEqual([100_000, `${server.url}/object`]);
  expect(await source.read(10, 900, "a header")).toEqual(bytes.subarray(10, 910));
  expect(server.requests).toHaveLength(1);
  expect(await source.read(990, 50_000, "a block")).toEqual(bytes.subarray(990, 50_990));
  expect(server.requests.map(({ headers }) => headers.range)).toEqual(["bytes=0-999", "bytes=990-50989"]);
  expect(new Set(server.requests.map(({ port }) => port)).size).toBe(1);
  expect(stallTimers.size).toBe(0);
});

test("near ranges come with one request, each in its place", async () => {
  const source = await openByteSource(`${server.url}/object`, { ...options, headBytes: 1 });
  const ranges = [80_000, 2000, 5000, 81_000].map((offset) => ({ offset, length: 1500, what: `block ${offset}` }));
  const parts = await Promise.all(readRanges({ ...source, gapBytes: 2000 }, ranges));
  for (const [index, part] of parts.entries()) {
    const { offset, length } = ranges[index] as (typeof ranges)[number];
    expect(part).toEqual(bytes.subarray(offset, offset + length));
  }
  expect(server.requests.slice(1).map(({ headers }) => headers.range)).toEqual([
    "bytes=2000-6499",
    "bytes=80000-82499",
  ]);
});

test("ranges come into memory that is given; one that leaves the object gets none", async () => {
  const source = await openByteSource(`${server.url}/object`, options);
  const memory = new Uint8Array(50_000).fill(255);
  const taken: number[] = [];
  const take = (length: number): Uint8Array => {
    taken.push(length);
    return memory.subarray(0, length);
  };
  const [part] = await Promise.all(readRanges(source, [{ offset: 20_000, length: 40_000, what: "a block" }], take));
  expect(part).toEqual(bytes.subarray(20_000, 60_000));
  expect(part?.buffer).toBe(memory.buffer);
  const beyond = [{ offset: 99_999, length: 2, what: "a block" }];
  await expect(Promise.all(readRanges(source, beyond, take))).rejects.toThrow(
    /expected a block of 2 bytes at 99999, got a file of 100000 bytes/,
  );
  expect(taken).toEqual([40_000]);
});

test("an object of no or few bytes is held whole", async () => {
  server.objects.set("/empty", new Uint8Array(0));
  expect((await openByteSource(`${server.url}/empty`, options)).size).toBe(0);
  server.objects.set("/few", bytes.subarray(0, 8));
  const source = await openByteSource(`${server.url}/few`, options);
  expect([...(await source.read(2, 6, "x"))]).toEqual([...bytes.subarray(2, 8)]);
  expect(server.requests).toHaveLength(2);
});

test("a server that ignores ranges: a small object is fetched whole, a large one refused", async () => {
  server.handler = (_, response) => response.writeHead(200, { "content-length": bytes.length }).end(bytes);
  const source = await openByteSource(`${server.url}/object`, options);
  expect(await source.read(50_000, 9, "x")).toEqual(bytes.subarray(50_000, 50_009));
  expect(server.requests).toHaveLength(1);
  expect(
    await message(openByteSource(`${server.url}/object`, { ...options, maxWholeBytes: 99_999 })),
  ).toMatchInlineSnapshot(
    `"HttpError: SERVER/object (bytes 0-999): expected the range, or a whole of at most 99999 bytes, got 100000 bytes. The server ignores ranges: fetch the file and open that, or raise maxWholeBytes."`,
  );
  server.handler = (_, response) => response.writeHead(200).end(bytes);
  expect(
    await message(openByteSource(`${server.url}/object`, { ...options, maxWholeBytes: 99_999 })),
  ).toMatchInlineSnapshot(
    `"HttpError: SERVER/object (bytes 0-999): expected the range, or a whole of at most 99999 bytes, got more than 99999 bytes. The server ignores ranges: fetch the file and open that, or raise maxWholeBytes."`,
  );
});

test("5xx, 429, resets and cut bodies are tried again, with waits that double", async () => {
  const source = await openByteSource(`${server.url}/object`, options);
  const troubles = ["503", "reset", "cut", "429"];
  server.handler = (request, response) => {
    const trouble = troubles.shift();
    if (trouble === "503") response.writeHead(503, { "content-length": 4 }).end("busy");
    else if (trouble === "429") response.writeHead(429, { "retry-after": "7" }).end();
    else if (trouble === "reset") request.socket.destroy();
    else if (trouble === "cut") {
      response.writeHead(206, { "content-range": "bytes 2000-3999/100000", "content-length": 2000, etag: '"1"' });
      response.write(bytes.subarray(2000, 2500), () => request.socket.destroy());
    } else serveRange(bytes, request, response);
  };
  expect(await source.read(2000, 2000, "a block")).toEqual(bytes.subarray(2000, 4000));
  // 503: 500 · 0.75. The reset of a kept connection is tried again at once. The cut body: 1000 · 0.75. 429 says 7 s.
  expect(waits).toEqual([375, 750, 7000]);
});

test("after the last attempt the error names URL, range and attempts, and no secrets", async () => {
  const source = await openByteSource(`${server.url.replace("//", "//me:hidden@")}/object?sig=secret`, options);
  expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from("me:hidden").toString("base64")}`);
  server.handler = (_, response) => response.writeHead(500).end();
  const error = await source.read(2000, 10, "a block").catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(HttpError);
  expect(error).toMatchObject({ code: "GRATICULE_HTTP", status: 500, attempts: 6, range: "bytes 2000-2009" });
  expect(await message(Promise.reject(error))).toMatchInlineSnapshot(
    `"HttpError: SERVER/object?sig=… (bytes 2000-2009): expected an answer, got status 500 after 6 attempts. Check that the server is reachable and well, or try later."`,
  );
  expect(waits).toEqual([375, 750, 1500, 3000, 6000]);
  server.handler = (_, response) => response.writeHead(503, { "retry-after": "3600" }).end();
  expect(await message(source.read(2000, 10, "a block"))).toMatchInlineSnapshot(
    `"HttpError: SERVER/object?sig=… (bytes 2000-2009): expected an answer, got status 503, which asks to wait 3600 s. Check that the server is reachable and well, or try later."`,
  );
  server.handler = (_, response) => response.writeHead(503, { "retry-after": "Wed, 01 May 2024 00:00:09 GMT" }).end();
  waits.length = 0;
  await message(source.read(2000, 10, "a block"));
  expect(waits).toEqual([9000, 9000, 9000, 9000, 9000]);
});

test("what the server refuses is not asked again", async () => {
  expect(await message(openByteSource(`${server.url}/none`, options))).toMatchInlineSnapshot(
    `"HttpError: SERVER/none (bytes 0-999): expected an answer, got status 404. Check the address."`,
  );
  server.handler = (_, response) => response.writeHead(403).end();
  expect(await message(openByteSource(`${server.url}/object`, options))).toMatchInlineSnapshot(
    `"HttpError: SERVER/object (bytes 0-999): expected an answer, got status 403. It wants credentials: give them as headers or in the address."`,
  );
  expect(server.requests).toHaveLength(2);
});

test("a server that stalls, before or within the body, is given up and tried again", async () => {
  const source = await openByteSource(`${server.url}/object`, options);
  const fireTimers = () =>
    setImmediate(() => {
      for (const fire of [...stallTimers]) fire();
    });
  let stalls = 0;
  server.handler = (request, response) => {
    stalls += 1;
    if (stalls === 1) fireTimers();
    else if (stalls === 2) {
      response.writeHead(206, { "content-range": "bytes 2000-3999/100000", "content-length": 2000, etag: '"1"' });
      response.write(bytes.subarray(2000, 2010), fireTimers);
    } else serveRange(bytes, request, response);
  };
  expect(await source.read(2000, 2000, "a block")).toEqual(bytes.subarray(2000, 4000));
  expect([stalls, waits]).toEqual([3, [375, 750]]);
});

test("an object that changes between reads is noticed: by its tag, its size, or a range that is gone", async () => {
  const open = () => openByteSource(`${server.url}/object`, options);
  const changes: [string, Uint8Array, string][] = [
    ["tag", bytes, '"2"'],
    ["size", bytes.subarray(0, 90_000), '"1"'],
    ["range", bytes.subarray(0, 1500), '"1"'],
  ];
  for (const [, changed, etag] of changes) {
    server.handler = undefined;
    const source = await open();
    server.handler = (request, response) => serveRange(changed, request, response, etag);
    const error = await source.read(2000, 10, "a block").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(/It changed while it was read: open it again/);
  }
  server.handler = undefined;
  const source = await open();
  server.handler = (_, response) => response.writeHead(200, { "content-length": bytes.length, etag: '"1"' }).end(bytes);
  expect(await message(source.read(2000, 10, "a block"))).toMatchInlineSnapshot(
    `"HttpError: SERVER/object (bytes 2000-2009): expected the range, got the whole object. The server stopped serving ranges: try later, or fetch the file."`,
  );
});

test("redirects are followed and remembered, without the headers that were meant for the first server", async () => {
  server.handler = (request, response) => {
    if (request.url === "/start") response.writeHead(302, { location: "/object" }).end();
    else if (request.url === "/loop") response.writeHead(302, { location: "/loop" }).end();
    else if (request.url === "/ftp") response.writeHead(302, { location: "ftp://example.org/x" }).end();
    else if (request.url === "/away")
      response.writeHead(307, { location: `${server.url.replace("127.0.0.1", "localhost")}/object` }).end();
    else serveRange(bytes, request, response);
  };
  const source = await openByteSource(`${server.url}/start`, { ...options, headers: { authorization: "Bearer x" } });
  await source.read(2000, 10, "x");
  expect(server.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    ["/start", "Bearer x"],
    ["/object", "Bearer x"],
    ["/object", "Bearer x"],
  ]);
  server.requests.length = 0;
  await openByteSource(`${server.url}/away`, { ...options, headers: { authorization: "Bearer x" } });
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer x", undefined]);
  expect(await message(openByteSource(`${server.url}/loop`, options))).toMatchInlineSnapshot(
    `"HttpError: SERVER/loop (bytes 0-999): expected an HTTP address at the end of its redirects, got none. Check the address."`,
  );
  expect(await message(openByteSource(`${server.url}/ftp`, options))).toMatch(/an HTTP address at the end/);
});

test("whole objects: bytes, undefined where there is none, an error where there are too many", async () => {
  expect(await fetchObject(`${server.url}/object`, { ...options, maxBytes: 100_000 })).toEqual(bytes);
  expect(await fetchObject(`${server.url}/none`, { ...options, maxBytes: 10 })).toBeUndefined();
  expect(await message(fetchObject(`${server.url}/object`, { ...options, maxBytes: 10 }))).toMatchInlineSnapshot(
    `"HttpError: SERVER/object: expected an object of at most 10 bytes, got 100000 bytes. Raise maxBytes if it is sound."`,
  );
});

test("addresses of public buckets stand for their HTTPS endpoints", () => {
  expect(
    ["s3://my-bucket/a b/c.tif", "gs://bucket/a/b.nc", "data/x.tif", "file:///data/x.tif"].map(resolveAddress),
  ).toMatchInlineSnapshot(`
    [
      {
        "kind": "http",
        "url": "https://my-bucket.s3.amazonaws.com/a%20b/c.tif",
      },
      {
        "kind": "http",
        "url": "https://storage.googleapis.com/bucket/a/b.nc",
      },
      {
        "kind": "file",
        "path": "data/x.tif",
      },
      {
        "kind": "file",
        "path": "/data/x.tif",
      },
    ]
  `);
  expect(() => resolveAddress("ftp://host/x")).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: openByteSource: expected a path, or file:, http:, https:, s3://bucket/key or gs://bucket/key, got 'ftp://…'. Check the address.]`,
  );
  expect(() => resolveAddress("s3://bucket")).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: openByteSource: expected a path, or file:, http:, https:, s3://bucket/key or gs://bucket/key, got 's3://…'. Check the address.]`,
  );
});
