import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { FormatError, makeRandom } from "@graticule/core";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { fuzzLimit } from "../../../tooling/test/fuzz-limit.js";
import { downloadFile, extractArchive, type HttpClock, verifyChecksum } from "../src/index.js";
import { makeTarGz, makeZip, type TestEntry } from "./make-archives.js";
import { serveRange, startRangeServer } from "./range-server.js";

const server = startRangeServer();
const folder = mkdtempSync(join(tmpdir(), "graticule-download-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = (name: string): string => {
  const at = join(folder, String(files++));
  mkdirSync(at);
  return join(at, name);
};
/** Waits pass at once; a stall is noticed as soon as it can be. */
const clock: HttpClock = {
  now: Date.now,
  random: () => 0.5,
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds === 111 ? 100 : 0);
    return () => clearTimeout(timer);
  },
};
const bytes = new Uint8Array(9_000_000);
for (let index = 0; index < bytes.length; index++) bytes[index] = (index * 31 + (index >> 9)) & 255;
const checksum = { algorithm: "sha256", hex: createHash("sha256").update(bytes).digest("hex") } as const;
const options = { clock, stallTimeoutMs: 111, maxAttempts: 3, checksum };

beforeEach(() => {
  server.handler = undefined;
  server.objects.set("/file", bytes);
  server.requests.length = 0;
});

describe("downloads", () => {
  test("a file comes whole, checked, under its own name alone; the second call asks nothing", async () => {
    const path = newPath("file");
    const seen: number[] = [];
    await downloadFile(`${server.url}/file`, path, { ...options, onProgress: (done) => seen.push(done) });
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(readdirSync(join(path, ".."))).toEqual(["file"]);
    expect(seen).toEqual([4_194_304, 8_388_608, 9_000_000]);
    const asked = server.requests.length;
    await downloadFile(`${server.url}/file`, path, options);
    expect(server.requests.length).toBe(asked);
  });

  test("a download that stopped goes on where it stopped, through stalls, cuts and errors", async () => {
    const path = newPath("file");
    writeFileSync(`${path}.part`, bytes.subarray(0, 5_000_000));
    let trouble = 0;
    server.handler = (request, response) => {
      trouble += 1;
      if (trouble === 2) response.writeHead(503, { "content-length": 0 }).end();
      else if (trouble === 3)
        response.writeHead(206, { "content-length": 4_000_000 }); // and then nothing
      else if (trouble === 4) {
        response.writeHead(206, {
          "content-range": "bytes 5000000-8999999/9000000",
          "content-length": 4_000_000,
          etag: '"1"',
        });
        response.write(new Uint8Array(10), () => response.destroy());
      } else serveRange(bytes, request, response);
    };
    await downloadFile(`${server.url}/file`, path, { ...options, maxAttempts: 5 });
    expect(readFileSync(path).equals(bytes)).toBe(true);
    const [first] = server.requests.filter(({ headers }) => !headers.range?.startsWith("bytes=0-"));
    expect(first?.headers.range).toBe("bytes=5000000-8999999");
  });

  test("a part of another version is noticed by the checksum and fetched anew", async () => {
    const path = newPath("file");
    writeFileSync(`${path}.part`, new Uint8Array(100));
    await downloadFile(`${server.url}/file`, path, options);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test("a wrong checksum leaves nothing", async () => {
    const path = newPath("file");
    const wrong = { ...options, checksum: { algorithm: "md5", hex: "0".repeat(32) } } as const;
    const error = await downloadFile(`${server.url}/file`, path, wrong).catch((caught: Error) => caught);
    expect((error as Error).message.replace(server.url, "SERVER").replace(path, "PATH")).toMatchInlineSnapshot(
      `"SERVER/file: expected md5 00000000000000000000000000000000, got 7287fdbf0c34cb7803b62ded143949e1. Either it was damaged on its way or the server has another file: try again, or fetch 'PATH' by hand."`,
    );
    expect(readdirSync(join(path, ".."))).toEqual([]);
  });

  test("a server that keeps failing is an error, and what came stays for the next try", async () => {
    const path = newPath("file");
    server.handler = (request, response) => {
      if (/^bytes=8/.test(request.headers.range ?? "")) response.writeHead(500, { "content-length": 0 }).end();
      else serveRange(bytes, request, response);
    };
    await expect(downloadFile(`${server.url}/file`, path, options)).rejects.toThrow(
      /expected an answer, got status 500 after 3 attempts/,
    );
    expect(existsSync(path)).toBe(false);
    expect(readFileSync(`${path}.part`).length).toBe(8_388_608);
  });

  test("a file over the limit is refused before it is fetched", async () => {
    await expect(downloadFile(`${server.url}/file`, newPath("file"), { ...options, maxBytes: 10 })).rejects.toThrow(
      /expected a file of at most 10 bytes, got 9000000/,
    );
  });

  test("checksums of a file on disk", async () => {
    const path = newPath("abc");
    writeFileSync(path, "abc");
    // RFC 1321, appendix A.5
    await verifyChecksum(path, { algorithm: "md5", hex: "900150983cd24fb0d6963f7d28e17f72" });
    await expect(verifyChecksum(path, checksum)).rejects.toThrow(/expected sha256 [0-9a-f]{64}, got ba7816bf/);
  });
});

const honest: TestEntry[] = [
  { name: "data/", mode: 0o040755, type: "5" },
  { name: "data/a.txt", text: "first" },
  { name: "data/b/c.txt", text: "second ".repeat(300) },
];

describe.each([
  ["zip", makeZip],
  ["tar.gz", makeTarGz],
] as const)("a %s", (extension, make) => {
  async function extract(entries: readonly TestEntry[] | Uint8Array, limits = {}): Promise<string[] | string> {
    const archive = newPath(`archive.${extension}`);
    writeFileSync(archive, entries instanceof Uint8Array ? entries : make(entries));
    const target = join(archive, "..", "out");
    try {
      return await extractArchive(archive, target, limits);
    } catch (error) {
      // Nothing is left, inside the folder or beside it.
      expect(readdirSync(join(archive, "..")).filter((name) => name !== `archive.${extension}`)).toEqual(["out"]);
      expect(readdirSync(target)).toEqual([]);
      return `${(error as Error).name}: ${(error as Error).message.replaceAll(join(archive, ".."), "")}`;
    }
  }

  test("is extracted, and appears only as a whole", async () => {
    const archive = newPath(`archive.${extension}`);
    writeFileSync(archive, make(honest));
    const target = join(archive, "..", "out");
    expect(await extractArchive(archive, target)).toEqual(["data"]);
    expect(readFileSync(join(target, "data/b/c.txt"), "utf8")).toBe("second ".repeat(300));
    expect(readdirSync(join(archive, "..")).sort()).toEqual([`archive.${extension}`, "out"]);
    await expect(extractArchive(archive, target)).rejects.toThrow(/expected no 'data' in '.*out', got one/);
  });

  test.each([
    ["a name above the folder", [{ name: "../escape.txt", text: "x" }]],
    ["a name above in the middle", [{ name: "data/../../escape.txt", text: "x" }]],
    ["an absolute name", [{ name: "/absolute.txt", text: "x" }]],
    ["a name with a drive", [{ name: "C:/drive.txt", text: "x" }]],
    ["a link", [...honest, { name: "data/link", text: "", mode: 0o120777, type: "2" }]],
    [
      "a name twice in a zip, or more bytes than there are in a tar",
      extension === "zip" ? [...honest, ...honest] : [{ name: "a", text: "x", size: 5000 }],
    ],
  ] as [string, TestEntry[]][])("with %s is refused", async (_, entries) => {
    expect(await extract(entries)).toMatchSnapshot();
  });

  test("beyond the limits is refused", async () => {
    expect(await extract(honest, { maxBytes: 1000 })).toMatchSnapshot();
    expect(await extract(honest, { maxEntries: 2 })).toMatchSnapshot();
    // A size that only the header claims
    expect(await extract([{ name: "a.txt", text: "x", size: 2 ** 31 }])).toMatchSnapshot();
  });

  test("cut short is refused", async () => {
    const whole = make(honest);
    for (const share of [0.2, 0.5, 0.9])
      expect(await extract(whole.slice(0, whole.length * share))).toMatch(/^FormatError: \/archive/);
  });

  const limit = fuzzLimit(200, 1 / 2);

  test("changed at random gives its files, or an error that names it", { timeout: limit.timeoutMs }, async () => {
    // A change inside gzip would seldom reach the tar.
    const base = extension === "zip" ? make(honest) : new Uint8Array(gunzipSync(make(honest)));
    for (let round = 0; limit.goesOn(round); round++) {
      const random = makeRandom(5, "archive", extension, round);
      const mutated = base.slice(0, random.integer(4) === 0 ? random.integer(base.length) : base.length);
      for (let change = random.integer(6); change >= 0 && mutated.length > 0; change--)
        mutated[random.integer(mutated.length)] = random.integer(256);
      const archive = newPath(extension === "zip" ? "archive.zip" : "archive.tar");
      writeFileSync(archive, mutated);
      await extractArchive(archive, join(archive, "..", "out")).catch((error) => {
        if (!(error instanceof FormatError)) throw error;
      });
      expect(readdirSync(join(archive, "..")).filter((name) => name !== "out" && !name.startsWith("archive"))).toEqual(
        [],
      );
      rmSync(join(archive, ".."), { recursive: true });
    }
  });
});

test("another kind of archive is refused by name", async () => {
  await expect(extractArchive("data.rar", folder)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: extractArchive: expected .zip, .tar, .tar.gz or .tgz, got 'data.rar'. Extract it by hand.]`,
  );
});
