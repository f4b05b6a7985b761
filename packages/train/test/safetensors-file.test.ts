import { spawnSync } from "node:child_process";
import { open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import { encodeSafetensorsHeader } from "@graticule/nn";
import {
  openFileSource,
  openSafetensors,
  type SafetensorsWriteEntry,
  tensorEntry,
  writeSafetensors,
} from "@graticule/train";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";

const hasPythonSafetensors = spawnSync("python3", ["-c", "import safetensors.numpy"]).status === 0;

/** Bit patterns that a conversion would lose: −0, the smallest subnormal, infinity, a NaN with a payload. */
const AWKWARD = Uint32Array.of(0x80000000, 1, 0x7f800000, 0x7fc12345, 0x3f800001, 0xff7fffff);

function entryOf(
  name: string,
  dtype: SafetensorsWriteEntry["dtype"],
  shape: number[],
  ...slices: Uint8Array[]
): SafetensorsWriteEntry {
  return {
    name,
    dtype,
    shape,
    async *write() {
      yield* slices;
    },
  };
}

beforeAll(async () => {
  tf.enableProdMode(); // no banner
  await tf.setBackend("cpu");
});

describe("writeSafetensors", () => {
  it("keeps every bit, in slices of any size", async () => {
    const path = join(await makeTemporaryFolder(), "weights.safetensors");
    const bytes = new Uint8Array(AWKWARD.buffer);
    const written = await writeSafetensors(
      path,
      [
        entryOf("a.weight", "F32", [2, 3], bytes.subarray(0, 5), bytes.subarray(5)),
        entryOf("empty", "F32", [0, 4]),
        entryOf("scalar", "F32", [], bytes.subarray(12, 16)),
        entryOf("labels", "I64", [1], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 0)),
      ],
      { format: "pt", note: "déjà vu" },
    );
    const file = await openSafetensors(path);
    expect(file.metadata).toEqual({ format: "pt", note: "déjà vu" });
    expect([...file.tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
      ["a.weight", "F32", [2, 3]],
      ["empty", "F32", [0, 4]],
      ["scalar", "F32", []],
      ["labels", "I64", [1]],
    ]);
    expect(new Uint32Array((await file.read("a.weight")).buffer)).toEqual(AWKWARD);
    expect(new Uint32Array((await file.read("scalar")).buffer)).toEqual(AWKWARD.slice(3, 4));
    expect(await file.read("empty")).toHaveLength(0);
    await file.close();
    expect(written.bytes).toBe((await readFile(path)).length);
  });

  it("writes tensors of the backend", async () => {
    const path = join(await makeTemporaryFolder(), "weights.safetensors");
    await writeSafetensors(path, [
      tensorEntry("f", tf.tensor2d([[1.5, -2, 3]])),
      tensorEntry("i", tf.tensor1d([7, -8], "int32")),
      tensorEntry("b", tf.tensor1d([true, false], "bool")),
    ]);
    const file = await openSafetensors(path);
    expect([...(await file.read("f"))]).toEqual([1.5, -2, 3]);
    expect([...(await file.read("i"))]).toEqual([7, -8]);
    expect([...(await file.read("b"))]).toEqual([1, 0]);
    await file.close();
    expect(() => tensorEntry("s", tf.tensor1d(["text"]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: tensorEntry s: expected float32, int32, bool, got string.]`,
    );
  });

  it("refuses an entry that yields another number of bytes than its shape asks for", async () => {
    const folder = await makeTemporaryFolder();
    const writing = writeSafetensors(join(folder, "w"), [entryOf("w", "F32", [2], new Uint8Array(7))]);
    await expect(writing).rejects.toThrow("tensor 'w': expected 8 bytes for F32 [2], got 7.");
  });

  it("is read by Python's safetensors", async ({ skip }) => {
    skip(!hasPythonSafetensors, "python3 has no safetensors");
    const path = join(await makeTemporaryFolder(), "weights.safetensors");
    await writeSafetensors(path, [entryOf("w", "F32", [2, 3], new Uint8Array(AWKWARD.buffer))], { format: "pt" });
    const script =
      "import sys; from safetensors.numpy import load_file; w = load_file(sys.argv[1])['w']; print(w.shape, w.tobytes().hex())";
    const { stdout } = spawnSync("python3", ["-c", script, path], { encoding: "utf8" });
    expect(stdout.trim()).toBe(`(2, 3) ${Buffer.from(AWKWARD.buffer).toString("hex")}`);
  });
});

describe("openSafetensors", () => {
  it("reads a tensor that lies beyond 4 GiB in a file", async () => {
    const path = join(await makeTemporaryFolder(), "large.safetensors");
    const header = encodeSafetensorsHeader([
      { name: "hole", dtype: "U8", shape: [5, 1024, 1024, 1024] },
      { name: "end", dtype: "F32", shape: [6] },
    ]);
    await writeFile(path, header);
    const total = header.length + 5 * 1024 ** 3 + 24;
    await truncate(path, total); // a sparse file: takes no room on the disk
    const handle = await open(path, "r+");
    await handle.write(new Uint8Array(AWKWARD.buffer), 0, 24, total - 24);
    await handle.close();
    const file = await openSafetensors(path);
    expect(new Uint32Array((await file.read("end")).buffer)).toEqual(AWKWARD);
    await file.close();
  });

  it.each([
    ["an empty file", new Uint8Array()],
    ["text", new TextEncoder().encode("this is no such file at all")],
    ["a header longer than the file", Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 123)],
  ])("refuses %s", async (_name, bytes) => {
    const folder = await makeTemporaryFolder();
    await writeFile(join(folder, "w"), bytes);
    await expect(openSafetensors(join(folder, "w"))).rejects.toMatchObject({ code: "GRATICULE_FORMAT" });
  });
});

describe("openFileSource", () => {
  it("says where a file ends too early", async () => {
    const folder = await makeTemporaryFolder();
    await writeFile(join(folder, "f"), "12345");
    const source = await openFileSource(join(folder, "f"));
    expect(new TextDecoder().decode(await source.read(1, 3))).toBe("234");
    await expect(source.read(3, 4)).rejects.toThrow(/f: expected 4 bytes from byte 3, got 2\. The file is shorter/);
    await source.close();
  });
});
