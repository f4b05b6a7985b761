import { type BackendName, openBackend } from "@graticule/train";
import { add, exp, matMul, reshape, scalar, type Tensor, tensor2d } from "@tensorflow/tfjs-core";
import { median } from "../harness/median.js";
import { readSettings, report } from "./child.js";

/** `bench op-overhead` on any backend: microseconds of an op on one number, its output disposed. */
const { backend } = readSettings<{ backend: BackendName }>();
await openBackend({ name: backend, device: "cpu", precision: "fp32", threads: 1 });

const WARMUP_CALLS = 20_000;
const CALLS = 2000;
const BLOCKS = 15;

const [a, b, matrix] = [scalar(1), scalar(2), tensor2d([[1]])];
report({
  add: { microseconds: microsecondsPerCall(() => add(a, b)) },
  exp: { microseconds: microsecondsPerCall(() => exp(a)) },
  reshape: { microseconds: microsecondsPerCall(() => reshape(a, [1, 1])) },
  matMul: { microseconds: microsecondsPerCall(() => matMul(matrix, matrix)) },
});

function microsecondsPerCall(op: () => Tensor): number {
  for (let call = 0; call < WARMUP_CALLS; call++) op().dispose();
  const times = Array.from({ length: BLOCKS }, () => {
    const start = performance.now();
    for (let call = 0; call < CALLS; call++) op().dispose();
    return (1000 * (performance.now() - start)) / CALLS;
  });
  return median(times);
}
