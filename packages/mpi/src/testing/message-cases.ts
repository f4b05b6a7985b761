import assert from "node:assert/strict";
import type { Communicator } from "../communicator.js";
import { MpiError } from "../errors.js";
import type { CommunicatorCase } from "./communicator-case.js";

const next = ({ rank, size }: Communicator): number => (rank + 1) % size;
const previous = ({ rank, size }: Communicator): number => (rank + size - 1) % size;

export const messageCases: readonly CommunicatorCase[] = [
  {
    title: "messages go round a ring, and a receive tells how many elements came",
    run(world) {
      const buffer = new Float32Array(10);
      const receive = world.startReceive(buffer, previous(world), 3);
      world.send(Float32Array.of(world.rank, 1, 2), next(world), 3);
      assert.equal(receive.waitSync(), 3);
      assert.deepEqual(Array.from(buffer.subarray(0, 4)), [previous(world), 1, 2, 0]);
    },
  },
  {
    title: "messages are told apart by their tags",
    run(world) {
      const sends = [7, 8].map((tag) => world.startSend(Int32Array.of(tag), next(world), tag));
      const received = Int32Array.of(0);
      for (const tag of [8, 7]) {
        world.receive(received, previous(world), tag);
        assert.equal(received[0], tag);
      }
      for (const send of sends) send.waitSync();
    },
  },
  {
    title: "a message longer than the buffer is an error with MPI's name, and the communicator goes on",
    async run(world) {
      if (world.size === 1) return; // Open MPI 4.1 cuts what a rank sends to itself without a word.
      const receive = world.startReceive(new Int32Array(2), previous(world));
      const send = world.startSend(new Int32Array(5), next(world));
      await assert.rejects(
        receive.wait(),
        (error) => error instanceof MpiError && /MPI_ERR_TRUNCATE/.test(error.message),
      );
      await send.wait();
      world.barrier();
    },
  },
  {
    title: "many operations are under way at once and complete in any order",
    async run(world) {
      const buffers = Array.from({ length: 20 }, (_, index) => new Float32Array(1000).fill(index + world.rank));
      const requests = buffers.map((buffer) => world.startAllReduce(buffer));
      const [first, second] = [requests[0], requests[1]];
      while (!first?.test());
      second?.waitSync();
      for (const request of requests.toReversed()) await request.wait();
      const ranks = (world.size * (world.size - 1)) / 2;
      for (const [index, buffer] of buffers.entries())
        assert.deepEqual([buffer[0], buffer[999]], new Array(2).fill(index * world.size + ranks));
    },
  },
  {
    title: "every collective starts and is waited for",
    async run(world) {
      const { rank, size } = world;
      const ones = new Int32Array(size).fill(1);
      const output = new Int32Array(size);
      await world.startBarrier().wait();
      const sent = Int32Array.of(rank === 0 ? 5 : 0);
      await world.startBroadcast(sent, 0).wait();
      assert.equal(sent[0], 5);
      const part = Int32Array.of(0);
      await world.startReduceScatter(ones, part).wait();
      assert.equal(part[0], size);
      await world.startAllGather(Int32Array.of(rank), output, { counts: new Array(size).fill(1) }).wait();
      assert.deepEqual(Array.from(output), [...ones.keys()]);
      await world
        .startAllToAll(
          ones.map((_, index) => rank * 10 + index),
          output,
        )
        .wait();
      assert.deepEqual(
        Array.from(output),
        Array.from(output, (_, index) => index * 10 + rank),
      );
    },
  },
  {
    title: "the event loop goes on while a request is awaited",
    async run(world) {
      const received = Int32Array.of(0);
      const receive = world.startReceive(received, previous(world)).wait();
      // Nothing comes unless this timer is called.
      const sent = new Promise((resolve) => setTimeout(resolve, 20)).then(() =>
        world.startSend(Int32Array.of(world.rank), next(world)).wait(),
      );
      await Promise.all([receive, sent]);
      assert.equal(received[0], previous(world));
    },
  },
];
