import { expect, test } from "vitest";
import { soloCommunicator } from "../src/index.js";

const world = soloCommunicator();
const two = new Float32Array(2);

test("messages say what was expected, what came, and what to do", () => {
  const native = { address: 64n, bytes: 8, dtype: "float32", device: "cpu" };
  const calls: readonly (() => unknown)[] = [
    () => world.allReduce([1, 2] as never),
    () => world.allReduce({ values: two, dtype: "bfloat16" } as never),
    () => world.allReduce({ ...native, device: "mps" }),
    () => world.allGather(native, { ...native, device: "cuda:0" }),
    () => world.allReduce({ ...native, bytes: 6 }),
    () => world.allReduce({ ...native, bytes: 2 ** 34 }),
    () => world.allReduce(two, { reduction: "mean" as never }),
    () => world.broadcast(two, 1),
    () => world.send(two, 0, 40_000),
    () => world.allGather(two, new Float32Array(3)),
    () => world.allGather(two, new Int32Array(2)),
    () => world.allGather(two, new Float32Array(2), { counts: [1, 1] }),
    () => world.reduceScatter(two, new Float32Array(2), { counts: [1] }),
    () => world.reduceScatter(two, two),
    () => world.split(2 ** 40),
    () => world.free(),
    () => world.receive(two, 0),
    () => world.allGather(native, { ...native, address: 128n }),
  ];
  const messages = calls.map((call) => {
    try {
      call();
    } catch (error) {
      return String(error);
    }
    return "no error";
  });
  expect(messages).toMatchSnapshot();
});

test("native memory in place is left as it is by a rank alone", () => {
  const native = { address: 64n, bytes: 8, dtype: "float32", device: "cpu" };
  world.allReduce(native);
  world.broadcast(native);
  world.allGather(native, native);
});
