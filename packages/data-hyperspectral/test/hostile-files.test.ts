import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { ConfigError, FormatError } from "@graticule/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzzLimit } from "../../../tooling/test/fuzz-limit.js";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { type CubeOptions, openCube } from "../src/index.js";
import { writeEnvi } from "./write-envi.js";

const folder = makeTemporaryFolder();
const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

/** Opens a cube and reads all of it, within 2²⁰ values. */
async function readAll(path: string, options: CubeOptions): Promise<Float32Array> {
  const cube = await openCube(path, { maxValues: 2 ** 20, cacheBytes: 2 ** 20, ...options });
  try {
    return await cube.readWindow({ row: 0, column: 0, height: cube.height, width: cube.width });
  } finally {
    await cube.close();
  }
}

/** A v5 file with one compressed variable `x` of the dims, whose numbers are `data`. */
function packedMat(dims: readonly [number, number, number], numberBytes: number, data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(64));
  const words = [14, 56 + numberBytes, 6, 8, 6, 0, 5, 12, ...dims, 0, 1 | (1 << 16), 120, 9, numberBytes];
  for (const [at, word] of words.entries()) head.setUint32(4 * at, word, true);
  const stream = deflateSync(Buffer.concat([new Uint8Array(head.buffer), data]));
  const file = Buffer.alloc(136);
  file.write("MATLAB 5.0 MAT-file");
  file.writeUInt16LE(0x0100, 124);
  file.write("IM", 126);
  file.writeUInt32LE(15, 128);
  file.writeUInt32LE(stream.length, 132);
  return new Uint8Array(Buffer.concat([file, stream]));
}

test("a compressed variable that is as it says is read", async () => {
  const data = new Uint8Array(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer);
  expect([...(await readAll(folder.write("fine.mat", packedMat([2, 2, 2], 64, data)), {}))]).toEqual([
    1, 3, 2, 4, 5, 7, 6, 8,
  ]);
});

test.each([
  [
    "unpacks to far more than it says",
    packedMat([10, 10, 10], 8000, new Uint8Array(2 ** 27)),
    /at most 8072 bytes, got more/,
  ],
  [
    "unpacks to less than it says",
    packedMat([10, 10, 10], 8000, new Uint8Array(100)),
    /expected 8064 bytes of 'x', got 164/,
  ],
  ["says that it is huge", packedMat([1000, 1000, 500], 4e9, new Uint8Array(8)), /at most 1048576 values/],
  [
    "has dims that don't fit its bytes",
    packedMat([1000, 1000, 500], 64, new Uint8Array(64)),
    /1000 · 1000 · 500 values/,
  ],
  ["has negative dims", packedMat([-10, -10, 10], 8000, new Uint8Array(8000)), /-10 · -10 · 10 values/],
])("a MATLAB variable that %s is an error before memory is taken", async (_, bytes, message) => {
  const path = folder.write("bomb.mat", bytes);
  const before = process.memoryUsage.rss();
  const error = await readAll(path, {}).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FormatError);
  expect((error as Error).message).toMatch(message);
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 26);
});

const limit = fuzzLimit(150, 1 / 5);
const envi = writeEnvi({
  height: 4,
  width: 3,
  bands: 5,
  dataType: 12,
  interleave: "bil",
  fields:
    "wavelength units = um\nwavelength = {0.4,0.5,0.6,0.7,0.8}\nfwhm = {1,1,1,1,1}\nbbl = {1,1,0,1,1}\nmap info = {UTM, 1, 1, 5, 4, 3, 2, 33, North, WGS-84}\ndata gain values = {1,2,3,4,5}\n",
  value: (row, column, band) => row + column + band,
});

test.each([
  ["hdr", new TextEncoder().encode(envi.header), {}],
  ["v6.mat", fixture("cube-v6.mat"), { variable: "cube" }],
  ["v7.mat", fixture("cube-v7.mat"), { variable: "cube" }],
  ["v73.mat", fixture("cube-v73.mat"), { variable: "cube" }],
  ["tif", fixture("planar.tif"), {}],
])(
  "mutated %s files are read or refused, never worse",
  async (kind, original, options) => {
    if (kind === "hdr") folder.write("fuzz", envi.data);
    const mutation = fc.record({ at: fc.nat(original.length - 1), byte: fc.nat(255) });
    const mutations = fc.array(mutation, { minLength: 1, maxLength: 6 });
    const property = fc.asyncProperty(mutations, fc.nat(original.length), async (changes, cut) => {
      const bytes = original.slice(0, cut % 4 === 0 ? cut : original.length);
      for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte;
      const path = folder.write(`fuzz.${kind}`, bytes);
      try {
        expect(await readAll(path, options)).toBeInstanceOf(Float32Array);
      } catch (error) {
        if (!(error instanceof FormatError || error instanceof ConfigError)) throw error;
      }
    });
    await fc.assert(property, { seed: 20240501, ...limit.parameters });
  },
  limit.timeoutMs,
);
