// Calls kernels with hostile arguments for a while, by seed; prints what it counted. What is about to be called is written
// to a file first, so that whoever started this knows what a crash came from.
import { writeFileSync } from "node:fs";
import { makeRandom } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { loadAddon } from "../../src/addon.js";
import { setMemoryLimit, setPrecision, TorchKernelError } from "../../src/index.js";
import { kernelSamples } from "../kernel-samples.js";

const [seconds, seed, lastCall] = process.argv.slice(2) as [string, string, string];
const random = makeRandom(Number(seed), "fuzz");
const pick = <T>(items: readonly T[]): T => items[Math.floor(random.float() * items.length)] as T;

await tf.setBackend("torch");
setMemoryLimit(2 ** 28);

// tfjs's own code counts up to some of the numbers of shapes and attributes: those stay small enough to be counted to.
const modest = [0, -0, 1, -1, 2, 3, 7, 0.5, -2.5, 63, 1e3, 65536, -65536, 1e6, Number.NaN];
const huge = [2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, -(2 ** 53), 1e308, 5e-324];
const endless = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const small = (): number => pick(modest);
const number = (): number => pick(pick([modest, modest, huge, endless]));
const list = (): number[] => Array.from({ length: pick([0, 1, 2, 3, 4, 5, 9, 70]) }, small);
const attribute = (): unknown =>
  pick<() => unknown>([
    small,
    small,
    list,
    list,
    () => [list(), list()],
    () => pick(["", "same", "NHWC", "ij,jk->ik", "...i->", "€\u0000", "x".repeat(70_000)]),
    () => pick([null, undefined, true, false, {}]),
    () => new Array(70_000).fill(1),
  ])();

const shape = (): number[] =>
  random.float() < 0.7 ? Array.from({ length: pick([0, 1, 2, 3, 4, 5, 6]) }, () => pick([0, 1, 2, 3, 5, 7])) : list();

function tensor(): tf.Tensor {
  const dims = Array.from({ length: pick([0, 1, 2, 3, 4, 5]) }, () => pick([0, 1, 2, 3, 4, 6]));
  const dtype = pick(["float32", "float32", "int32", "bool", "complex64", "string"] as const);
  const size = dims.reduce((a, b) => a * b, 1);
  if (dtype === "string") return tf.tensor(new Array(size).fill("text"), dims, "string");
  if (dtype === "complex64") return tf.tidy(() => tf.complex(tf.fill(dims, pick([0, 1, -2])), tf.fill(dims, 1)));
  const values = Float32Array.from({ length: size }, number);
  return tf.tensor(
    dtype === "float32" ? values : dtype === "bool" ? values.map((x) => Number(x > 0)) : Int32Array.from(values),
    dims,
    dtype,
  );
}

function input(valid: tf.Tensor | undefined): unknown {
  return pick<() => unknown>([
    tensor,
    tensor,
    () => ({ ...(valid ?? tensor()), dataId: (valid ?? tensor()).dataId, shape: shape() }),
    () => ({ dataId: (valid ?? tensor()).dataId, shape: valid?.shape ?? [], dtype: pick(["int32", "bool", "string"]) }),
    () => ({ dataId: {}, shape: [2], dtype: "float32" }),
    () => {
      const gone = tensor();
      gone.dispose();
      return gone;
    },
    () => pick([undefined, null, 7, "x", {}, [], Object.create(null)]),
  ])();
}

const counts = { calls: 0, worked: 0, refused: 0, raw: 0 };
const unexpected = new Set<string>();

function attempt(call: () => unknown): void {
  try {
    call();
    counts.worked++;
  } catch (error) {
    counts.refused++;
    if (!(error instanceof Error)) unexpected.add(String(error));
    else if (error.message.includes("INTERNAL ASSERT") && error instanceof TorchKernelError)
      unexpected.add(error.message);
  }
}

function describe(name: string, inputs: Record<string, unknown>, attrs: unknown): string {
  const text = (value: unknown): unknown => {
    const { shape, dtype } = (value ?? {}) as tf.Tensor;
    return shape ? { shape, dtype } : value;
  };
  const shown = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, text(value)]));
  return JSON.stringify({ name, inputs: shown, attrs }, (_, value) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  ).slice(0, 4000);
}

/** The kernel's own sample with a part of it spoiled. */
function callSpoiled(): void {
  const name = pick(Object.keys(kernelSamples));
  const { inputs, attrs } = kernelSamples[name]!;
  const given: Record<string, unknown> = inputs();
  const changed: Record<string, unknown> = { ...attrs };
  const parts = [
    ...Object.keys(given).map((key) => [given, key] as const),
    ...Object.keys(changed).map((key) => [changed, key] as const),
  ];
  for (let i = pick([0, 1, 1, 2]); i > 0 && parts.length > 0; i--) {
    const [where, key] = pick(parts);
    where[key] = where === given ? input(given[key] as tf.Tensor) : attribute();
  }
  // A range or a mask of 2^53 elements is refused by its bytes; tfjs's own loops before that are not what is tested.
  writeFileSync(lastCall, describe(name, given, changed));
  attempt(() => tf.engine().runKernel(name, given as never, changed as never));
}

const native = loadAddon();
const shared = native.bind(new Float64Array(1 << 16));
const names = native.kernelNames();

/** Storages that no tensor stands for, so that anything may happen to them. */
const loose = (): number[] =>
  Array.from({ length: 3 }, () => native.write(new Float32Array(6).fill(number()), 0, Float64Array.of(2, 2, 3), false));

/** Arguments as kernels read them, of the kinds in src-native/call.h, and at times something else. */
const argument = (handles: readonly number[]): number[] =>
  pick<() => number[]>([
    () => [pick(handles), 2, 2, 3],
    () => [
      pick(handles),
      ...pick([
        [1, 6],
        [3, 1, 2, 3],
        [4, 1, 2, 3, 1],
        [4, 6, 1, 1, 1],
        [5, 1, 1, 2, 3, 1],
        [2, 3, 3],
      ]),
    ],
    () => [2, pick(handles), 2, 2, 3, pick(handles), 2, 2, 3],
    () => [2, small(), small()],
    () => Array.from({ length: pick([1, 2, 4]) + 1 }, (_, i) => (i === 0 ? 2 : pick([0, 1, 2, 3]))),
    () => [pick([0, 1, 2, 3])],
    () => [number()],
    () => [-1],
  ])();

/** A native kernel on arguments that hardly ever fit. */
function callRaw(handles: readonly number[]): void {
  const encoded = Array.from({ length: pick([1, 2, 3, 5, 8, 12]) }, () => argument(handles)).flat();
  shared.set(encoded);
  const length = random.float() < 0.9 ? encoded.length : pick([0, 1, encoded.length - 1]);
  const kernel = Math.floor(random.float() * names.length);
  const given = Array.from(shared.subarray(0, length), String);
  writeFileSync(lastCall, JSON.stringify({ kernel: names[kernel], given }));
  counts.raw++;
  attempt(() => {
    const outputs = native.run(kernel, length);
    if (outputs > 0) native.disposeIfLive(shared[0] as number);
  });
}

/** The addon's other functions on anything. */
function callDoor(handles: readonly number[]): void {
  const doors = native as unknown as Record<string, (...args: unknown[]) => unknown>;
  const name = pick([
    "write",
    "read",
    "readLater",
    "dispose",
    "releaseStorage",
    "restoreStorage",
    "dataPointer",
    "run",
  ]);
  const any = (): unknown =>
    pick<() => unknown>([
      () => pick(handles),
      number,
      attribute,
      () => Float64Array.from(list(), number),
      () => new Float32Array(pick([4, 6, 6])),
    ])();
  const args = Array.from({ length: pick([0, 1, 2, 3, 4]) }, any);
  writeFileSync(lastCall, JSON.stringify({ door: name, args: args.map((value) => String(value).slice(0, 200)) }));
  attempt(() => doors[name]?.(...args));
}

/** Gives a call loose storages, and takes back what it left of them. */
function withLoose(call: (handles: readonly number[]) => void): void {
  const handles = loose();
  call(handles);
  for (const handle of handles) native.disposeIfLive(handle);
}

const end = Date.now() + 1000 * Number(seconds);
while (Date.now() < end) {
  counts.calls++;
  setPrecision(pick(["fp32", "bf16"]));
  tf.engine().startScope();
  pick([callSpoiled, callSpoiled, () => withLoose(callRaw), () => withLoose(callDoor)])();
  tf.engine().endScope();
  if (counts.calls % 64 === 0) await new Promise(setImmediate);
}
setMemoryLimit(Number.POSITIVE_INFINITY);
const sum = tf.add([1], [2]).dataSync()[0];
process.stdout.write(JSON.stringify({ ...counts, sum, unexpected: [...unexpected] }));
