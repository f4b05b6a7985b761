// What is particular to memory of devices; each rank prints what failed, by title.
import assert from "node:assert/strict";
import { closeMpi, MpiError, openDeviceCollectives, openMpi } from "../../src/index.js";
import { type RankCases, runCases } from "../../src/testing.js";
import { describeOnDevice, fromDevice, gpu, onDevice } from "./device-memory.js";

const world = openMpi({ timeoutSeconds: 60 });
const { rank, size } = world;
const others = (size * (size - 1)) / 2;
const filled = (length: number, from: number): Float32Array =>
  Float32Array.from({ length }, (_, at) => from + (at % 1000));

/** Larger than several chunks of staging, and no multiple of them. */
const LENGTH = 1_500_001;

function assertFilled(values: Float32Array, expected: (at: number) => number, what: string): void {
  const wrong = values.findIndex((value, at) => value !== expected(at));
  assert.equal(wrong, -1, `${what}: [${wrong}] is ${values[wrong]}, not ${expected(wrong)}`);
}

const cases: RankCases = {
  "a collective comes after what the default stream had to do, and before what it does next": () => {
    const values = onDevice(rank, filled(1000, rank), 40);
    world.allReduce(values);
    assertFilled(fromDevice(values), (at) => others + size * (at % 1000), "blocking");
    const later = onDevice(rank, filled(1000, rank), 40);
    const request = world.startAllReduce(later, { reduction: "max" });
    request.waitSync();
    assertFilled(fromDevice(later), (at) => size - 1 + (at % 1000), "waited for");
  },
  "a request is done when the device is": async () => {
    const values = onDevice(rank, filled(10, rank), rank === 0 ? 300 : 0);
    const request = world.startAllReduce(values);
    assert.equal(request.test(), false);
    await request.wait();
    assert.ok(request.test());
    assertFilled(fromDevice(values), (at) => others + size * at, "all-reduce");
  },
  "long buffers travel whole, in equal and in ragged parts": () => {
    const counts = Array.from({ length: size }, (_, part) => 400_000 + 100_001 * part);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const before = counts.slice(0, rank).reduce((sum, count) => sum + count, 0);
    const sum = onDevice(rank, filled(LENGTH, rank));
    world.allReduce(sum);
    assertFilled(fromDevice(sum), (at) => others + size * (at % 1000), "all-reduce");
    const sent = onDevice(rank, filled(LENGTH, rank));
    world.broadcast(sent, size - 1);
    assertFilled(fromDevice(sent), (at) => size - 1 + (at % 1000), "broadcast");

    const own = counts[rank] as number;
    const gathered = onDevice(rank, new Float32Array(total));
    world.allGather(onDevice(rank, filled(own, rank)), gathered, { counts });
    const expected = counts.flatMap((count, part) => [...filled(count, part)]);
    assertFilled(fromDevice(gathered), (at) => expected[at] as number, "ragged all-gather");
    const part = onDevice(rank, new Float32Array(own));
    world.reduceScatter(onDevice(rank, filled(total, rank)), part, { counts });
    assertFilled(fromDevice(part), (at) => others + size * ((before + at) % 1000), "ragged reduce-scatter");

    const equal = 400_000;
    const whole = onDevice(rank, filled(size * equal, rank));
    const piece = onDevice(rank, new Float32Array(equal));
    world.reduceScatter(whole, piece);
    assertFilled(fromDevice(piece), (at) => others + size * (at % 1000), "reduce-scatter");
    const all = onDevice(rank, new Float32Array(size * equal));
    world.allGather(piece, all);
    assertFilled(fromDevice(all), (at) => others + size * (at % 1000), "all-gather");
    const exchanged = onDevice(rank, new Float32Array(size * equal));
    world.allToAll(whole, exchanged);
    assertFilled(fromDevice(exchanged), (at) => Math.floor(at / equal) + (at % 1000), "all-to-all");
  },
  "operations on the host and on the device stay apart, whatever order their copies end in": async () => {
    const slow = onDevice(rank, filled(500_000, rank), rank === 0 ? 50 : 0);
    const host = filled(10, rank);
    const requests = [world.startAllReduce(slow), world.startAllReduce(host)];
    const more = Array.from({ length: 8 }, (_, at) => onDevice(rank, filled(300_000, rank + at), (rank * at) % 3));
    for (const each of more) requests.push(world.startAllReduce(each));
    for (const request of requests.reverse()) await request.wait();
    assertFilled(fromDevice(slow), (at) => others + size * (at % 1000), "device");
    assertFilled(host, (at) => others + size * at, "host");
    for (const [at, each] of more.entries())
      assertFilled(fromDevice(each), (index) => others + size * (at + (index % 1000)), `device ${at}`);
  },
  "a communicator is freed when what was left to the device is done": () => {
    const twin = world.dup();
    const values = onDevice(rank, filled(100, rank), 30);
    twin.allReduce(values);
    twin.free();
    assertFilled(fromDevice(values), (at) => others + size * at, "all-reduce");
  },
  "types that NCCL has not go by MPI": () => {
    const values = Int16Array.from({ length: 9 }, (_, at) => rank + at);
    const address = gpu.allocate(rank, values.byteLength);
    gpu.write(address, new Uint8Array(values.buffer), 5);
    world.allReduce(describeOnDevice(rank, address, values.byteLength, "int16"));
    gpu.read(address, new Uint8Array(values.buffer));
    assert.deepEqual(
      [...values],
      Array.from(values, (_, at) => others + size * at),
    );
  },
  "memory that is not the device's is refused before anything is sent": () => {
    const good = onDevice(rank, new Float32Array(4));
    assert.throws(
      () => world.allReduce({ ...good, address: 64n }),
      new RegExp(
        `^TypeError: mpi all-reduce on "world": expected an address of memory of device ${rank}, got another\\.$`,
      ),
    );
    assert.throws(() => world.allReduce({ ...good, bytes: 2 ** 31 }), /expected an address of memory of device/);
    const elsewhere = { ...good, device: good.device.replace(/\d$/, String((rank + 1) % 8)) };
    assert.throws(() => world.allReduce(elsewhere), MpiError);
    assert.throws(() => world.send({ ...good, address: 1n }, rank), TypeError);
    assert.throws(
      () => world.reduceScatter(onDevice(rank, new Float32Array(size)), new Float32Array(1)),
      /expected input and output on one device, got \w+:\d and cpu/,
    );
  },
};

openDeviceCollectives(world, onDevice(rank, new Float32Array(1)).device);
const failures = await runCases(world, cases);
process.stdout.write(`${JSON.stringify({ rank, failures })}\n`);
closeMpi();
