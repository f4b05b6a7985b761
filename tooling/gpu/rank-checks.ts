import { parseArgs } from "node:util";
import { registerGradients } from "@graticule/autodiff";
import { type Communicator, closeMpi, type NativeMemory, openDeviceCollectives, openMpi } from "@graticule/mpi";
import { dataPointer, getDevice, loadTorch, setDevice } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { relativeError } from "../../packages/parallel/test/fixtures/relative-error.js";
import { finetuneStack } from "../../packages/parallel/test/fixtures/stack-training.js";

/**
 * Collectives on tensors of a device, and FSDP there beside FSDP on the CPU; one line of JSON from rank 0. To be started
 * under mpirun: ranks beyond the GPUs share them, and then go by MPI.
 */
const { values: options } = parseArgs({ options: { device: { type: "string", default: "cuda" } } });

/** Sums over ranks and steps in another order, and the device's own square roots. */
const TOLERANCE = 1e-4;

tf.enableProdMode();
registerGradients();
loadTorch();
setDevice(options.device);
const device = getDevice();
await tf.setBackend("torch");
const world = openMpi({ timeoutSeconds: 60 });
const { rank, size } = world;
const others = (size * (size - 1)) / 2;

const pointerOf = (tensor: tf.Tensor): NativeMemory => dataPointer(tensor);
const valuesOf = (length: number): tf.Tensor => tf.add(tf.range(0, length), rank);

function complain(tensor: tf.Tensor, expected: (at: number) => number): string | undefined {
  const values = tensor.dataSync();
  const wrong = values.findIndex((value, at) => Math.abs(value - expected(at)) > 1e-5 * Math.abs(expected(at)));
  return wrong < 0 ? undefined : `[${wrong}] is ${values[wrong]}, not ${expected(wrong)}`;
}

/** Weights of a model after steps of FSDP, by the rank's parts. */
async function trained(on: string, world: Communicator, offload: "none" | "host" | "disk"): Promise<Float32Array[]> {
  setDevice(on);
  try {
    const offloadFolder = offload === "disk" ? { offloadFolder: "." } : {};
    const { values } = await finetuneStack(world, { offload, ...offloadFolder });
    return Array.from(values.values(), (held) => held.values);
  } finally {
    setDevice(options.device);
  }
}

const LENGTH = 1_500_001; // several chunks, where it is staged

/** Each returns a complaint, or nothing. */
const checks: Record<string, () => string | undefined | Promise<string | undefined>> = {
  "an all-reduce comes after the kernels before it, and before those behind it"() {
    // Products that take a while, of ones: what is summed is not there when the collective is called.
    const factor = tf.fill([1024, 1024], 1 / 1024);
    let product: tf.Tensor = tf.ones([1024, 1024]);
    for (let turn = 0; turn < 20; turn++) product = tf.matMul(product as tf.Tensor2D, factor as tf.Tensor2D);
    const sum = tf.add(product, rank);
    world.allReduce(pointerOf(sum));
    return complain(tf.add(sum, 1), () => size + others + 1);
  },
  "a long all-reduce, waited for"() {
    const values = valuesOf(LENGTH);
    const request = world.startAllReduce(pointerOf(values), { reduction: "max" });
    request.waitSync();
    return complain(values, (at) => at + size - 1);
  },
  async "an all-gather that is awaited"() {
    const all = tf.zeros([size * 1000]);
    await world.startAllGather(pointerOf(valuesOf(1000)), pointerOf(all)).wait();
    return complain(all, (at) => (at % 1000) + Math.floor(at / 1000));
  },
  "a ragged reduce-scatter"() {
    const counts = Array.from({ length: size }, (_, part) => 100 + part);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const before = counts.slice(0, rank).reduce((sum, count) => sum + count, 0);
    const part = tf.zeros([counts[rank] as number]);
    world.reduceScatter(pointerOf(valuesOf(total)), pointerOf(part), { counts });
    return complain(part, (at) => size * (before + at) + others);
  },
  "an all-to-all, and a broadcast"() {
    const output = tf.zeros([size * 10]);
    world.allToAll(pointerOf(valuesOf(size * 10)), pointerOf(output));
    const sent = valuesOf(10);
    world.broadcast(pointerOf(sent), size - 1);
    return (
      complain(output, (at) => 10 * rank + (at % 10) + Math.floor(at / 10)) ?? complain(sent, (at) => at + size - 1)
    );
  },
  "a message round the ring"() {
    const received = tf.zeros([10]);
    const request = world.startReceive(pointerOf(received), (rank + size - 1) % size, 3);
    world.send(pointerOf(valuesOf(10)), (rank + 1) % size, 3);
    request.waitSync();
    return complain(received, (at) => at + ((rank + size - 1) % size));
  },
  "memory of the host under the device's name is refused"() {
    const host = new Float32Array(4);
    if (device === "cpu") return undefined;
    try {
      world.allReduce({ address: 4096n, bytes: host.byteLength, dtype: "float32", device });
      return "expected an error, got a result";
    } catch {
      return undefined;
    }
  },
};

for (const offload of ["none", "host", "disk"] as const)
  checks[`FSDP with offload ${offload} gives the weights that it gives on the CPU`] = async () => {
    const [actual, expected] = [await trained(options.device, world, offload), await trained("cpu", world, "none")];
    const errors = expected.map((values, at) => (values.length ? relativeError(actual[at] ?? [], values) : 0));
    const worst = Math.max(...errors);
    return worst < TOLERANCE ? undefined : `differs by ${worst}`;
  };

const failures: string[] = [];
const travels = openDeviceCollectives(world, device);
for (const [title, check] of Object.entries(checks)) {
  let complaint: string | undefined;
  try {
    complaint = await check();
  } catch (error) {
    complaint = error instanceof Error ? error.message : String(error);
  }
  if (complaint !== undefined) failures.push(`rank ${rank}: ${title}: ${complaint}`);
  world.barrier();
}
const counts = Int32Array.of(failures.length);
world.allReduce(counts);
for (const failure of failures) process.stderr.write(`Error: ${failure}\n`);
if (rank === 0)
  process.stdout.write(
    `${JSON.stringify({ ranks: size, travels: travels ?? "MPI", checks: Object.keys(checks).length, failed: counts[0], failures })}\n`,
  );
closeMpi();
