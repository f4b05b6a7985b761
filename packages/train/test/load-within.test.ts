import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Linear, Module, openShardedSafetensors } from "@graticule/nn";
import { type FileSource, loadWithin, openFileSource, writeWeights } from "@graticule/train";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { planLoading } from "../src/plan-loading.js";

const isBuilt = existsSync(new URL("../../tfjs-backend-torch/build/graticule_torch.node", import.meta.url));
const reason = isBuilt ? "" : " (skipped: the torch addon is not built)";

const WIDTH = 512;
const LAYERS = 12;
const LAYER_BYTES = 2 * WIDTH * WIDTH + 4 * WIDTH;

class Stack extends Module {
  readonly layers = Array.from({ length: LAYERS }, () => new Linear(WIDTH, WIDTH));
  readonly head = new Linear(WIDTH, 4, { bias: false });

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.head.forward(this.layers.reduce((y, layer) => layer.forward(y), x)));
  }
}

const folder = makeTemporaryFolder();
const open: FileSource[] = [];

/** Weights in two files with an index, matrices in bfloat16 and biases in float32: 12 MB. */
async function openWeights() {
  const path = join(folder.path, "model.safetensors");
  if (!existsSync(`${path}.index.json`)) {
    const entries = new Stack().namedParameters().map(([name, { shape, size }], index) => {
      const isMatrix = shape.length === 2;
      const values = Float32Array.from({ length: size }, (_, at) => Math.sin(at * 0.37 + index) / WIDTH);
      const bits = Uint16Array.from(new Uint32Array(values.buffer), (word) => word >>> 16);
      return {
        ...{ name, shape, dtype: isMatrix ? ("BF16" as const) : ("F32" as const) },
        async *write() {
          yield new Uint8Array(isMatrix ? bits.buffer : values.buffer);
        },
      };
    });
    await writeWeights(path, entries, { shardBytes: 4e6 });
  }
  return openShardedSafetensors(path, await readFile(`${path}.index.json`, "utf8"), async (name) => {
    const source = await openFileSource(join(folder.path, name));
    open.push(source);
    return source;
  });
}

afterEach(async () => {
  for (const source of open.splice(0)) await source.close();
});

describe(`loadWithin${reason}`, () => {
  if (!isBuilt) return it.skip("needs the torch addon", () => {});
  let torch: typeof import("@graticule/tfjs-backend-torch");
  const input = (): tf.Tensor => tf.ones([2, WIDTH]);

  beforeAll(async () => {
    torch = await import("@graticule/tfjs-backend-torch");
    await tf.setBackend("torch");
    torch.setThreads(1);
  });

  it("holds weights as the file does, and never more than the model and one tensor", async () => {
    const file = await openWeights();
    expect(file.files.length).toBeGreaterThan(1);
    const model = new Stack();
    const before = torch.memoryStats().liveBytes;
    torch.resetPeakBytes();
    const plan = await loadWithin(model, file);
    const { liveBytes, peakBytes } = torch.memoryStats();
    const expected = LAYERS * LAYER_BYTES + 2 * 4 * WIDTH;
    expect(plan).toEqual({ streamed: [], residentBytes: expected, peakBytes: expected + 2 * WIDTH * WIDTH });
    expect(liveBytes - before).toBeGreaterThanOrEqual(expected);
    expect(liveBytes - before).toBeLessThan(1.02 * expected); // the allocator rounds sizes up
    expect(peakBytes - before).toBeLessThan(1.02 * plan.peakBytes);
    // The same values as read one by one in float32.
    const plain = new Stack();
    await plain.loadStateDict(file);
    const values = model.stateDict().get("layers.3.weight")!;
    expect(torch.dataPointer(values).dtype).toBe("bfloat16");
    expect(values.dataSync()).toEqual(plain.stateDict().get("layers.3.weight")!.dataSync());
    expect(model.forward(input()).dataSync()).toEqual(plain.forward(input()).dataSync());
    model.dispose();
    plain.dispose();
  });

  it("reads layers that don't fit each time they compute, with the same outputs", async () => {
    const file = await openWeights();
    const whole = new Stack();
    await loadWithin(whole, file);
    const loaded = torch.memoryStats().liveBytes;
    torch.resetPeakBytes();
    const expected = whole.forward(input()).dataSync();
    const computing = torch.memoryStats().peakBytes - loaded; // packed panels and activations
    whole.dispose();

    const model = new Stack();
    const memoryLimit = 5.5 * LAYER_BYTES;
    const before = torch.memoryStats().liveBytes;
    const plan = await loadWithin(model, file, { memoryLimit, streamed: "layers.*" });
    expect(plan.streamed).toEqual(Array.from({ length: 9 }, (_, index) => `layers.${3 + index}`));
    expect(plan.peakBytes).toBeLessThanOrEqual(memoryLimit);
    torch.resetPeakBytes();
    for (let pass = 0; pass < 2; pass++) {
      const output = model.forward(input());
      expect(output.dataSync()).toEqual(expected);
      output.dispose();
    }
    const { liveBytes, peakBytes } = torch.memoryStats();
    expect(liveBytes - before).toBeLessThan(1.02 * plan.residentBytes);
    expect(peakBytes - before).toBeLessThan(memoryLimit + computing);
    model.dispose();
  });

  it("refuses before it reads, if the limit is too small or names don't fit", async () => {
    const file = await openWeights();
    const model = new Stack();
    const before = torch.memoryStats().liveBytes;
    await expect(loadWithin(model, file, { memoryLimit: 2e6 })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: memoryLimit: expected room for the model's weights, 6.53 MiB, got 1.91 MiB. Raise the limit, or name layers to stream.]`,
    );
    await expect(
      loadWithin(model, file, { memoryLimit: 1e6, streamed: "layers.*" }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: memoryLimit: expected room for the model's weights, 6.53 MiB, or 1.01 MiB with streamed layers, got 977 KiB. Raise the limit.]`,
    );
    await expect(loadWithin(new Linear(WIDTH, 4), file)).rejects.toThrow("unexpected (layers.0.weight");
    await expect(loadWithin(model, file, { streamed: "layer.*" })).rejects.toThrow("layer.*");
    expect(torch.memoryStats().liveBytes).toBe(before);
  });

  it("stores all weights as it is told", async () => {
    const model = new Stack();
    await loadWithin(model, await openWeights(), { stored: "float32" });
    expect(torch.dataPointer(model.stateDict().get("layers.0.weight")!).dtype).toBe("float32");
    model.dispose();
  });
});

it("a plan keeps as many of the first modules as fit", () => {
  const tensors = ["a", "b", "c"].map((path) => ({ path, bytes: 10, readBytes: 4 }));
  const modules = new Map([
    ["first", ["a"]],
    ["second", ["b"]],
  ]);
  expect(planLoading(tensors, modules, 34)).toEqual({ streamed: [], residentBytes: 30, peakBytes: 34 });
  expect(planLoading(tensors, new Map([...modules, ["third", ["c"]]]), 25)).toEqual({
    streamed: ["second", "third"],
    residentBytes: 10,
    peakBytes: 24,
  });
  expect(() => planLoading(tensors, modules, 20)).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: memoryLimit: expected room for the model's weights, 34 B, or 24 B with streamed layers, got 20 B. Raise the limit.]`,
  );
});
