import assert from "node:assert/strict";
import type { Communicator, Reduction } from "../communicator.js";
import { elementTypes } from "../element-type.js";
import type { CommunicatorCase } from "./communicator-case.js";
import { fromBfloat16, fromFloat16, makeBuffer, toBfloat16, toFloat16 } from "./values.js";

const combine: Record<Reduction, (a: number, b: number) => number> = {
  sum: (a, b) => a + b,
  product: (a, b) => a * b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
};
const allReductions = Object.keys(combine) as Reduction[];

/** Small enough for the product over eight ranks to fit every type. */
function elementOf(rank: number, index: number): number {
  return ((rank + index) % 4 === 0 ? 1 : 0) + 1;
}

function valuesOf(rank: number, length: number): number[] {
  return Array.from({ length }, (_, index) => elementOf(rank, index));
}

function reduced(world: Communicator, index: number, reduction: Reduction): number {
  const values = Array.from({ length: world.size }, (_, rank) => elementOf(rank, index));
  return values.reduce((a, b) => combine[reduction](a, b));
}

const ragged = (world: Communicator): number[] => Array.from({ length: world.size }, (_, rank) => (rank * 2) % 5);
const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

export const collectiveCases: readonly CommunicatorCase[] = [
  {
    title: "no rank leaves a barrier before every rank has come",
    run(world) {
      if (world.rank === world.size - 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      const times = new Float64Array([performance.timeOrigin + performance.now(), 0]);
      world.barrier();
      times[1] = -(performance.timeOrigin + performance.now());
      world.allReduce(times, { reduction: "max" });
      // The last to come was before the first to leave; clocks of one host differ by less than a millisecond.
      assert.ok((times[0] as number) <= -(times[1] as number) + 1);
    },
  },
  {
    title: "a broadcast gives every rank the root's values, of every type and from every root",
    run(world) {
      for (const { name } of elementTypes)
        for (let root = 0; root < world.size; root++) {
          const { buffer, read } = makeBuffer(name, world.rank === root ? valuesOf(root, 7) : new Array(7).fill(0));
          world.broadcast(buffer, root);
          assert.deepEqual(read(), valuesOf(root, 7), name);
        }
    },
  },
  {
    title: "an all-reduce gives every rank the sum, product, least and greatest, of every type",
    run(world) {
      for (const { name } of elementTypes)
        for (const reduction of allReductions) {
          const { buffer, read } = makeBuffer(name, valuesOf(world.rank, 11));
          world.allReduce(buffer, { reduction });
          const expected = Array.from({ length: 11 }, (_, index) => reduced(world, index, reduction));
          assert.deepEqual(read(), expected, `${reduction} of ${name}`);
        }
    },
  },
  {
    title: "16-bit floats are added in 32 bits and rounded once, to nearest and ties to even",
    run(world) {
      const pair = world.split(world.rank >> 1);
      assert.ok(pair);
      for (const [dtype, narrow, widen] of [
        ["bfloat16", toBfloat16, fromBfloat16],
        ["float16", toFloat16, fromFloat16],
      ] as const) {
        // Every number of the type, plus one of another size each.
        const all = Uint16Array.from({ length: 65_536 }, (_, half) => half);
        const other = all.map((half) => (half * 40_503 + 12_345) & 0xffff);
        const values = pair.rank === 0 ? all.slice() : other.slice();
        pair.allReduce({ values, dtype });
        if (pair.size === 1) continue;
        for (const half of all) {
          const [a, b] = [widen(half), widen(other[half] as number)];
          const exact = Math.fround(a + b);
          const got = values[half] as number;
          if (Number.isNaN(exact)) assert.ok(Number.isNaN(widen(got)), `${a} + ${b}`);
          else assert.ok(widen(got) === widen(narrow(exact)), `${dtype} ${a} + ${b}: ${widen(got)}`);
        }
      }
      pair.free();
    },
  },
  {
    title: "a reduce-scatter gives each rank its part of the reduction, in equal and in ragged parts",
    run(world) {
      for (const reduction of allReductions) {
        const output = new Int32Array(3);
        world.reduceScatter(Int32Array.from(valuesOf(world.rank, 3 * world.size)), output, { reduction });
        const expected = Array.from(output, (_, index) => reduced(world, 3 * world.rank + index, reduction));
        assert.deepEqual(Array.from(output), expected);
      }
      const counts = ragged(world);
      const output = new Float32Array(counts[world.rank] as number);
      world.reduceScatter(Float32Array.from(valuesOf(world.rank, sum(counts))), output, { counts });
      const before = sum(counts.slice(0, world.rank));
      assert.deepEqual(
        Array.from(output),
        Array.from(output, (_, index) => reduced(world, before + index, "sum")),
      );
    },
  },
  {
    title: "an all-gather puts the ranks' values one behind the other, equal, ragged and in place",
    run(world) {
      const ranks = Array.from({ length: world.size }, (_, rank) => rank);
      const gathered = new Float64Array(2 * world.size);
      world.allGather(Float64Array.of(world.rank, -world.rank), gathered);
      const expected = ranks.flatMap((rank) => [rank, -rank]).map((value) => value + 0);
      assert.deepEqual(
        Array.from(gathered, (value) => value + 0),
        expected,
      );

      const inPlace = new Uint8Array(2 * world.size);
      const own = inPlace.subarray(2 * world.rank, 2 * world.rank + 2).fill(world.rank + 1);
      world.allGather(own, inPlace);
      assert.deepEqual(
        Array.from(inPlace),
        ranks.flatMap((rank) => [rank + 1, rank + 1]),
      );

      const counts = ragged(world);
      const uneven = new Int32Array(sum(counts));
      world.allGather(new Int32Array(counts[world.rank] as number).fill(world.rank), uneven, { counts });
      assert.deepEqual(
        Array.from(uneven),
        ranks.flatMap((rank) => new Array(counts[rank]).fill(rank)),
      );
    },
  },
  {
    title: "an all-to-all transposes parts between ranks",
    run(world) {
      const input = Int16Array.from({ length: 2 * world.size }, (_, index) => 100 * world.rank + index);
      const output = new Int16Array(2 * world.size);
      world.allToAll(input, output);
      const expected = Array.from(output, (_, index) => 100 * (index >> 1) + 2 * world.rank + (index & 1));
      assert.deepEqual(Array.from(output), expected);
    },
  },
  {
    title: "operations on no elements complete",
    run(world) {
      const none = new Float32Array(0);
      world.broadcast(none);
      world.allReduce(none);
      world.allGather(none, new Float32Array(0));
      world.reduceScatter(none, new Float32Array(0));
      world.allToAll(none, new Float32Array(0));
    },
  },
];
