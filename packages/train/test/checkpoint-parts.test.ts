import { open, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Linear } from "@graticule/nn";
import { makeAdamW, weightDecayGroups } from "@graticule/optim";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, expect, it, vi } from "vitest";
import {
  checkCheckpoint,
  exportWeights,
  loadCheckpoint,
  type OwnedPart,
  openSafetensors,
  type Strategy,
  saveCheckpoint,
  singleDevice,
  verifyCheckpoint,
} from "../src/index.js";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";

beforeAll(async () => {
  tf.enableProdMode(); // no banner
  await tf.setBackend("cpu");
});

const state = { step: 7, epoch: 1, sampleInEpoch: 3, samplesSeen: 9, seconds: 1, seed: 1, config: {}, schema: [] };
const weight = Float32Array.of(1, 2, 3, 4, 5, 6);

/** Two processes in this one: what one gathers waits for the other. */
function twoProcesses(parts: (rank: number) => ReadonlyMap<string, OwnedPart>): Strategy[] {
  const waiting: { value: unknown; resolve: (all: unknown[]) => void }[] = [];
  return [0, 1].map((rank) => ({
    ...singleDevice(),
    rank,
    worldSize: 2,
    parts: parts(rank),
    gather: (value) =>
      new Promise((resolve) => {
        waiting[rank] = { value, resolve: resolve as (all: unknown[]) => void };
        const [first, second] = waiting;
        if (!first || !second) return;
        waiting.length = 0;
        for (const each of [first, second]) each.resolve([first.value, second.value]);
      }),
  }));
}

/** Columns of a weight [3, 2], one on each process. */
function columnOf(rank: number): ReadonlyMap<string, OwnedPart> {
  const values = tf.tensor1d([0, 2, 4].map((at) => weight[at + rank] as number));
  const slice = { dim: 1, ranges: [[rank, rank + 1]] as const };
  return new Map([["weight", { shape: [3, 2], slice, start: 0, length: 3, values, isSaved: true, assign: () => {} }]]);
}

async function save(runFolder: string): Promise<string> {
  const layer = new Linear(2, 3);
  layer.bias!.assign(Float32Array.of(7, 8, 9));
  const optimizer = { tensors: new Map<string, tf.Tensor>(), updates: {} };
  const all = twoProcesses(columnOf).map((strategy) =>
    saveCheckpoint({ runFolder, keep: 1, state, model: layer.stateDict(), optimizer, strategy }),
  );
  const [path] = await Promise.all(all);
  return path as string;
}

it("parts that processes save make the whole again, and any other parts", async () => {
  const path = await save(await makeTemporaryFolder());
  const layer = new Linear(2, 3);
  await loadCheckpoint(path, { model: layer, optimizer: makeAdamW({ groups: weightDecayGroups(layer, 0) }) });
  expect([...layer.weight.variable.dataSync()]).toEqual([...weight]);
  expect([...layer.bias!.variable.dataSync()]).toEqual([7, 8, 9]);
  let own: number[] = [];
  const part: OwnedPart = {
    shape: [3, 2],
    start: 1,
    length: 4,
    values: tf.zeros([4]),
    isSaved: true,
    assign: (values) => {
      own = [...values];
    },
  };
  await loadCheckpoint(path, {
    model: new Linear(2, 3),
    held: { parts: new Map([["weight", part]]), foreign: new Set() },
  });
  expect(own).toEqual([2, 3, 4, 5]);
});

it("a checkpoint that lacks one process's file is refused", async () => {
  const path = await save(await makeTemporaryFolder());
  await rm(join(path, "model-00002-of-00002.safetensors"));
  await expect(loadCheckpoint(path, { model: new Linear(2, 3) })).rejects.toThrow(
    "model-00002-of-00002.safetensors: expected a file of the checkpoint, got nothing",
  );
});

it("what one process can't write fails on all, and leaves nothing half-written", async () => {
  const runFolder = await makeTemporaryFolder();
  await writeFile(join(runFolder, "checkpoints"), "in the way");
  const layer = new Linear(2, 3);
  const optimizer = { tensors: new Map<string, tf.Tensor>(), updates: {} };
  const results = await Promise.allSettled(
    twoProcesses(columnOf).map((strategy) =>
      saveCheckpoint({ runFolder, keep: 1, state, model: layer.stateDict(), optimizer, strategy }),
    ),
  );
  for (const result of results) {
    expect(result.status).toBe("rejected");
    expect(String((result as PromiseRejectedResult).reason)).toMatch(
      /checkpoint of step 7: expected to write \d+ bytes into .*EEXIST|ENOTDIR/,
    );
  }
});

it("exports whole weights from parts, in files of any size, a slice at a time", async () => {
  const folder = await makeTemporaryFolder();
  const checkpoint = await verifyCheckpoint(await save(await makeTemporaryFolder()));
  const [file] = await exportWeights(checkpoint, join(folder, "model.safetensors"));
  const whole = await openSafetensors(file?.path as string);
  expect([...(await whole.read("weight"))]).toEqual([...weight]);
  expect([whole.tensors.get("weight")?.shape, whole.metadata]).toEqual([[3, 2], { format: "pt" }]);
  await whole.close();

  const out = join(folder, "shards.safetensors");
  const files = await exportWeights(checkpoint, out, { shardBytes: 30 });
  expect(files.map(({ path }) => basename(path))).toEqual([
    "shards-00001-of-00002.safetensors",
    "shards-00002-of-00002.safetensors",
    "shards.safetensors.index.json",
  ]);
  expect(JSON.parse(await readFile(`${out}.index.json`, "utf8"))).toEqual({
    metadata: { total_size: 36 },
    weight_map: { weight: "shards-00001-of-00002.safetensors", bias: "shards-00002-of-00002.safetensors" },
  });
  await expect(exportWeights(checkpoint, "model.pt")).rejects.toThrow("ends in .safetensors, got 'model.pt'");
});

it("holds 16 MiB of an exported tensor at a time", async () => {
  const runFolder = await makeTemporaryFolder();
  const model = new Map([["large", tf.zeros([3, 4 * 2 ** 20 - 1])]]);
  const optimizer = { tensors: new Map<string, tf.Tensor>(), updates: {} };
  const path = await saveCheckpoint({ runFolder, keep: 1, state, model, optimizer });
  const file = await open(join(path, "state.json"));
  await file.close();
  const write = vi.spyOn(Object.getPrototypeOf(file) as typeof file, "write");
  await exportWeights(await verifyCheckpoint(path), join(runFolder, "large.safetensors"));
  const lengths = write.mock.calls.map(([bytes]) => (bytes as unknown as Uint8Array).byteLength);
  write.mockRestore();
  expect(Math.max(...lengths)).toBe(16 * 2 ** 20);
});

it("a check names every fault", async () => {
  const path = await save(await makeTemporaryFolder());
  expect(await checkCheckpoint(path)).toMatchObject({ isValid: true, faults: [], state: { step: 7 } });
  await writeFile(join(path, "model-00002-of-00002.safetensors"), "other");
  await rm(join(path, "optimizer-00001-of-00002.safetensors"));
  const { isValid, files } = await checkCheckpoint(path);
  expect(isValid).toBe(false);
  expect(files.flatMap(({ name, fault }) => (fault ? `${name}: ${fault}` : [])).sort()).toEqual([
    expect.stringMatching(/^model-00002-of-00002.safetensors: expected \d+ bytes$/),
    "optimizer-00001-of-00002.safetensors: not there",
  ]);
});
