import assert from "node:assert/strict";
import type { Communicator } from "../communicator.js";
import { MpiError } from "../errors.js";
import type { CommunicatorCase } from "./communicator-case.js";

/** The ranks of a communicator, by the ranks of the world. */
function members(group: Communicator, world: Communicator): number[] {
  const ranks = new Int32Array(group.size);
  group.allGather(Int32Array.of(world.rank), ranks);
  return Array.from(ranks);
}

/** `(module (memory 1) (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))` */
const loadFromMemory = Uint8Array.from(
  atob("AGFzbQEAAAABBgFgAX8BfwMCAQAFAwEAAQcIAQRsb2FkAAAKCQEHACAAKAIACw=="),
  (character) => character.charCodeAt(0),
);

export const groupCases: readonly CommunicatorCase[] = [
  {
    title: "ranks count from 0, each once",
    run(world) {
      assert.deepEqual(members(world, world), [...new Array(world.size).keys()]);
    },
  },
  {
    title: "split groups ranks by color and orders them by key",
    run(world) {
      const group = world.split(world.rank % 2, { key: -world.rank, name: "parity" });
      assert.ok(group);
      assert.equal(group.name, "parity");
      const ranks = [...new Array(world.size).keys()].filter((rank) => rank % 2 === world.rank % 2);
      assert.deepEqual(members(group, world), ranks.reverse());
      group.free();
      assert.equal(world.split(world.rank === 0 ? -1 : 1) === undefined, world.rank === 0);
    },
  },
  {
    title: "messages of a duplicate do not meet those of the original",
    run(world) {
      const twin = world.dup();
      const [here, there] = [Int32Array.of(0), Int32Array.of(0)];
      const [to, from] = [(world.rank + 1) % world.size, (world.rank + world.size - 1) % world.size];
      const receives = [world.startReceive(here, from), twin.startReceive(there, from)];
      const sends = [twin.startSend(Int32Array.of(2), to), world.startSend(Int32Array.of(1), to)];
      for (const request of [...receives, ...sends]) request.waitSync();
      assert.deepEqual([here[0], there[0]], [1, 2]);
      twin.free();
      assert.throws(() => twin.barrier(), MpiError);
    },
  },
  {
    title: "a communicator with operations under way is not freed",
    async run(world) {
      const twin = world.dup();
      const request = twin.startBarrier();
      if (!request.test()) assert.throws(() => twin.free(), /expected no operation under way/);
      await request.wait();
      twin.free();
    },
  },
  {
    title: "arguments that do not fit are refused before anything is sent",
    run(world) {
      const { size } = world;
      const one = new Float32Array(1);
      const all = new Float32Array(size);
      const refused: readonly [() => unknown, typeof TypeError | typeof RangeError][] = [
        [() => world.allReduce("text" as never), TypeError],
        [() => world.allReduce(new DataView(new ArrayBuffer(4)) as never), TypeError],
        [() => world.allReduce([1, 2] as never), TypeError],
        [() => world.allReduce(null as never), TypeError],
        [() => world.allReduce({ address: 8n, bytes: 4, dtype: "float32", device: "mps" }), TypeError],
        [() => world.allReduce({ address: 8n, bytes: 4, dtype: "complex64", device: "cpu" }), TypeError],
        [() => world.allReduce(one, { reduction: "mean" as never }), TypeError],
        [() => world.broadcast(one, size), RangeError],
        [() => world.broadcast(one, 0.5), RangeError],
        [() => world.send(one, -1), RangeError],
        [() => world.receive(one, size), RangeError],
        [() => world.send(one, 0, 1 << 20), RangeError],
        [() => world.allGather(one, new Float32Array(size + 1)), RangeError],
        [() => world.allGather(one, new Int32Array(size)), TypeError],
        [() => world.allGather(one, all, { counts: [1].concat(new Array(size).fill(0)) }), RangeError],
        [() => world.reduceScatter(all, new Float32Array(2)), RangeError],
        [() => world.reduceScatter(all, all.subarray(0, 1)), RangeError],
        [() => world.allToAll(all, all), RangeError],
        [() => world.split(0.5), RangeError],
      ];
      for (const [call, ErrorType] of refused) assert.throws(call, ErrorType, String(call));
      world.barrier();
    },
  },
  {
    title: "WebAssembly still traps: the library has left Node its signal handlers",
    run() {
      const { load } = new WebAssembly.Instance(new WebAssembly.Module(loadFromMemory)).exports;
      assert.throws(() => (load as (address: number) => number)(0x7fffff00), WebAssembly.RuntimeError);
    },
  },
];
