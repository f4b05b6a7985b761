import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type ClientRequest, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { makeLogger, makeRandom } from "@graticule/core";
import { openCogWriter } from "@graticule/data-geotiff";
import { encodePng } from "@graticule/plot";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClassifyServer, openClassifyServer, type ServeOptions, type WindowModel } from "../src/index.js";
import { makeBrightnessModel } from "./brightness-model.js";

const defaults: ServeOptions = {
  ...{
    host: "127.0.0.1",
    port: 0,
    batchSize: 4,
    maxWaitMs: 20,
    maxBodyBytes: 20_000,
    maxPixels: 4_000,
    maxPending: 16,
  },
  requestTimeoutMs: 20_000,
};
const png = encodePng(new Uint8Array(3 * 400).fill(200), 20, 20);
/** Baseline, 24 by 24, in color. */
const jpeg = Buffer.from(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAYABgDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAMEAv/EACEQAAICAQMFAQAAAAAAAAAAAAIDAAERBCFhEzFBUbHx/8QAFwEBAQEBAAAAAAAAAAAAAAAABQIDBv/EACARAAICAgICAwAAAAAAAAAAAAECAAMEEQUxIVEiQfH/2gAMAwEAAhEDEQA/AMyUcTelHEqlHE2gsQrJfsVd1RSzHQELk0oxWbiXoSZfbA+onPX8+FfVS7HszYVe5zVUvaqyXyUWojvJb3EQ3lcu225q2PxU9S0UAbmkulpUG/UHS1BWSK/EREnCw0vQsxPca4/AryULOT4P1+T/2Q==",
  "base64",
);
let tiff: Uint8Array;
const folder = mkdtempSync(join(tmpdir(), "graticule-serve-"));
const servers: ClassifyServer[] = [];
const errors: string[] = [];

async function serve(changes: Partial<ServeOptions> = {}, model: WindowModel = makeBrightnessModel()) {
  const logger = makeLogger((line) => errors.push(line));
  const server = await openClassifyServer(model, { ...defaults, logger, ...changes });
  servers.push(server);
  const url = `http://127.0.0.1:${server.port}`;
  const post = (body: Uint8Array | FormData, headers: Record<string, string> = {}, path = "/classify") =>
    fetch(`${url}${path}`, { method: "POST", body: body as never, headers });
  const get = (path: string) => fetch(`${url}${path}`);
  return { server, url, post, get };
}

beforeAll(async () => {
  const path = join(folder, "image.tif");
  const options = { width: 24, height: 18, bands: 3, dtype: "uint8", bandNames: ["blue", "green", "red"] } as const;
  const writer = await openCogWriter(path, options);
  await writer.writeWindow({ row: 0, column: 0, width: 24, height: 18 }, new Uint8Array(3 * 24 * 18).fill(20));
  await writer.close();
  tiff = new Uint8Array(readFileSync(path));
});

afterAll(async () => {
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true });
});

const octets = { "content-type": "application/octet-stream" };

describe("POST /classify", () => {
  test("takes an image as the body or in a form, whatever its kind", async () => {
    const { post } = await serve();
    const bright = await post(png, { "content-type": "image/png" });
    expect([bright.status, bright.headers.get("content-type")]).toEqual([200, "application/json"]);
    const { classes, width, height } = await bright.json();
    expect([width, height, classes.length, classes[0].name]).toEqual([20, 20, 3, "bright"]);
    // All of 200, normalized to 2: the model's own numbers.
    const p = 1 / (1 + Math.exp(-4));
    expect(classes.map((found: { probability: number }) => found.probability)).toEqual(
      [p ** 2, 2 * p * (1 - p), (1 - p) ** 2].map((value) => expect.closeTo(value, 6)),
    );
    const form = new FormData();
    form.set("note", "hello");
    form.set("image", new Blob([tiff as never]), "../../etc/passwd");
    const dark = await (await post(form, {}, "/classify?top=1")).json();
    expect(dark).toEqual({
      classes: [{ name: "dark", probability: expect.closeTo((1 - 1 / (1 + Math.exp(3.2))) ** 2, 6) }],
      width: 24,
      height: 18,
    });
  });

  test("says what is wrong with a request, as a problem", async () => {
    const { post, get } = await serve();
    const problem = async (answer: Promise<Response>) => {
      const response = await answer;
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      const { status, detail, title, type } = await response.json();
      expect([status, type, typeof title]).toEqual([response.status, "about:blank", "string"]);
      return `${status} ${detail}`;
    };
    const gray = encodePng(new Uint8Array(3 * 10_000).fill(1), 100, 100);
    expect([
      await problem(post(Buffer.from("hello"), octets)),
      await problem(post(png.subarray(0, 60), octets)),
      await problem(post(new Uint8Array(0), octets)),
      await problem(post(png, { "content-type": "text/plain" })),
      await problem(post(new Uint8Array(20_001), octets)),
      await problem(post(gray, octets)),
      await problem(post(new FormData())),
      await problem(post(png, { "content-type": "multipart/form-data" })),
      await problem(post(png, octets, "/classify?top=0")),
      await problem(get("/classify")),
      await problem(get("/etc/passwd")),
    ]).toMatchInlineSnapshot(`
      [
        "400 image: expected a JPEG, PNG or TIFF image, got other bytes at its start. Remove the file or convert it.",
        "400 image: expected a readable image, got vipspng: libpng read error. The file is truncated or corrupt.",
        "400 expected an image, got an empty body. Send the file's bytes.",
        "415 expected content-type image/jpeg, image/png, image/tiff, application/octet-stream or multipart/form-data, got text/plain. Say it in a header: -H "content-type: image/jpeg".",
        "413 expected a body of at most 20000 bytes, got 20001 or more. Send a smaller image, or start the server with a larger --max-body.",
        "413 expected an image of at most 4000 pixels, got 100 by 100. Send a smaller one, or start the server with more --max-pixels.",
        "400 expected a form with a file, got none. Add one: -F image=@scene.jpg.",
        "400 expected a form with an image, got one that can't be read: Multipart: Boundary not found",
        "400 expected top as a whole number of 1 or more, got '0'.",
        "405 expected POST for /classify, got GET.",
        "404 expected /classify, /health or /openapi.json, got /etc/passwd.",
      ]
    `);
  });

  test("refuses an image without the model's channels", async () => {
    const model = makeBrightnessModel();
    const { post } = await serve(
      {},
      { ...model, schema: [{ name: "nir", mean: 1, std: 1 }, ...model.schema.slice(1)] },
    );
    expect((await (await post(tiff, octets)).json()).detail).toBe(
      "image: expected channels nir, green, blue, got blue, green, red. Send an image with these.",
    );
  });

  test("of several clients at a time shares forward passes", async () => {
    const { server, post } = await serve({ maxWaitMs: 200 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(png, octets)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(server.batches).toBe(2);
  });

  test("turns requests away beyond its limit, and fails one whose model fails without stopping", async () => {
    const { post, get } = await serve({ maxPending: 2, batchSize: 1 }, makeBrightnessModel(300));
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(png, octets)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 503, 503, 503]);
    expect(answers.find(({ status }) => status === 503)?.headers.get("retry-after")).toBe("1");
    expect(await (await get("/health")).json()).toEqual({ status: "ok", pending: 0 });
    const failing = await serve(
      {},
      { ...makeBrightnessModel(), windowScores: async () => Promise.reject(new Error("out of memory")) },
    );
    expect((await failing.post(png, octets)).status).toBe(500);
    expect(errors.splice(0)).toEqual([expect.stringContaining("out of memory")]);
    expect((await failing.get("/health")).status).toBe(200);
  });
});

test("the description is valid OpenAPI 3.1, and there is a page for a person", async () => {
  const { get } = await serve();
  const document = await (await get("/openapi.json")).json();
  const result = await new Validator().validate(document);
  expect([result.valid, result.errors]).toEqual([true, undefined]);
  expect(document.openapi).toBe("3.1.1");
  expect(await (await get("/")).text()).toContain("curl --data-binary");
});

test("a slow client is cut off, one that leaves is forgotten", async () => {
  const { get, server } = await serve({ requestTimeoutMs: 300 });
  const slow = await new Promise<string>((resolve) => {
    const socket = connect(server.port, "127.0.0.1");
    let text = "";
    socket.on("data", (data) => (text += data));
    socket.on("close", () => resolve(text));
    socket.write("POST /classify HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nabc");
  });
  expect(slow).toContain("408 Request Timeout");
  const gone = connect(server.port, "127.0.0.1");
  gone.write("POST /classify HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nabc", () => gone.destroy());
  await setTimeout(100);
  expect(await (await get("/health")).json()).toEqual({ status: "ok", pending: 0 });
});

test("closing answers what was accepted and refuses what comes", async () => {
  const { server, post, url } = await serve({ batchSize: 1 }, makeBrightnessModel(300));
  const accepted = [post(png, octets), post(png, octets)];
  // A keep-alive connection whose request is on its way.
  const late: ClientRequest = request(`${url}/classify`, { method: "POST", headers: octets });
  late.write(png.subarray(0, 50));
  await setTimeout(100);
  const closed = server.close();
  late.end(png.subarray(50));
  const lateStatus = await new Promise((resolve) => late.on("response", (response) => resolve(response.statusCode)));
  expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual([200, 200]);
  expect(lateStatus).toBe(200);
  await closed;
  await expect(post(png, octets)).rejects.toThrow();
});

test("no body brings it down: mutated images and forms", { timeout: 120_000 }, async () => {
  const { post, get } = await serve({ maxWaitMs: 0 });
  const form = await new Response(formOf(png)).blob();
  const formBytes = new Uint8Array(await form.arrayBuffer());
  const seeds: [Uint8Array, Record<string, string>][] = [
    [png, octets],
    [jpeg, octets],
    [tiff, octets],
    [formBytes, { "content-type": form.type }],
  ];
  const random = makeRandom(5, "serve");
  const counts = new Map<number, number>();
  for (let run = 0; run < 300; run++) {
    const [seed, headers] = seeds[run % seeds.length] as (typeof seeds)[0];
    const { status } = await post(mutate(seed, random), headers);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  expect([...counts.keys()].filter((status) => ![200, 400, 413].includes(status))).toEqual([]);
  expect(counts.get(400)).toBeGreaterThan(50);
  expect((await get("/health")).status).toBe(200);
  expect(errors).toEqual([]);
});

function formOf(bytes: Uint8Array): FormData {
  const form = new FormData();
  form.set("image", new Blob([bytes as never]), "image.png");
  return form;
}

/** Changes a few bytes, or cuts or repeats a part. */
function mutate(bytes: Uint8Array, random: ReturnType<typeof makeRandom>): Uint8Array {
  const kind = random.integer(4);
  if (kind === 0) return bytes.slice(0, random.integer(bytes.length));
  if (kind === 1) {
    const at = random.integer(bytes.length);
    return new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.integer(bytes.length))]));
  }
  const mutated = bytes.slice();
  for (let change = 0; change <= random.integer(12); change++)
    mutated[random.integer(kind === 2 ? Math.min(300, bytes.length) : bytes.length)] = random.integer(256);
  return mutated;
}
