import { existsSync, readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, it } from "vitest";
import { getThreads, setPrecision, setThreads } from "../src/index.js";
import { describeTorch, numbers, runKernel } from "./on-torch.js";

/** Sizes on both sides of what the product is cut into: 12 rows, 32 columns, blocks of 96, slabs of 512, 512 units of depth. */
const sizes = [
  { rows: 1, depth: 1, columns: 1 },
  { rows: 12, depth: 32, columns: 32 },
  { rows: 13, depth: 33, columns: 31 },
  { rows: 97, depth: 511, columns: 65 },
  { rows: 95, depth: 1025, columns: 33 },
  { rows: 193, depth: 17, columns: 1030 },
] as const;

function worst(actual: tf.Tensor, expected: Float64Array): number {
  const values = actual.dataSync();
  let [scale, difference] = [1e-30, 0];
  expected.forEach((value, i) => {
    scale = Math.max(scale, Math.abs(value));
    difference = Math.max(difference, Math.abs(value - (values[i] as number)));
  });
  expect(values.length).toBe(expected.length);
  return difference / scale;
}

/** left [rows, depth] · right [depth, columns] in float64; `left(row, k)` and `right(k, column)` read the operands. */
function product(
  { rows, depth, columns }: { rows: number; depth: number; columns: number },
  left: (row: number, k: number) => number,
  right: (k: number, column: number) => number,
): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < depth; k++) {
      const value = left(row, k);
      for (let column = 0; column < columns; column++) result[row * columns + column]! += value * right(k, column);
    }
  return result;
}

const inBfloat16 = (value: number): number => {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0] = ((bits[0] as number) + 0x7fff + (((bits[0] as number) >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0] as number;
};

/** Whichever product this machine's first use would choose, ours is tested where it runs. */
process.env.GRATICULE_MATRIX_PRODUCT = "own";
const cpuInfo = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
const hasOwnProduct = process.arch === "x64" && / avx512_bf16 /.test(cpuInfo);

describeTorch("matrix products", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });
  afterEach(() => setPrecision("fp32"));

  for (const precision of ["fp32", "bf16"] as const) {
    // bf16 operands are exact here; the result is rounded to 8 bits when it is stored.
    const tolerance = precision === "fp32" ? 2e-6 : 2 ** -8;
    it.each(sizes)(
      `a layer of $rows rows, $depth inputs, $columns outputs, and its gradient, in ${precision}`,
      (size) => {
        const { rows, depth, columns } = size;
        const round = precision === "bf16" ? inBfloat16 : Math.fround;
        const [x, w, dy] = [numbers(rows * depth, 1), numbers(columns * depth, 2), numbers(rows * columns, 3)].map(
          (values) => values.map(round),
        ) as [number[], number[], number[]];
        const inputs = { x: tf.tensor2d(x, [rows, depth]), weight: tf.tensor2d(w, [columns, depth]) };
        setPrecision(precision);
        const [y] = runKernel("FusedLinear", inputs, { inputActivation: "none" });
        const at = (values: number[], stride: number) => (i: number, j: number) => values[i * stride + j] as number;
        expect(
          worst(
            y!,
            product(size, at(x, depth), (k, column) => w[column * depth + k] as number),
          ),
        ).toBeLessThan(tolerance);
        const attrs = { inputActivation: "none", hasBias: true };
        const [dx, dw, db] = runKernel("FusedLinearGrad", { dy: tf.tensor2d(dy, [rows, columns]), ...inputs }, attrs);
        const toInput = product({ rows, depth: columns, columns: depth }, at(dy, columns), at(w, depth));
        expect(worst(dx!, toInput)).toBeLessThan(tolerance);
        const transposed = (i: number, j: number) => dy[j * columns + i] as number;
        const toWeight = product({ rows: columns, depth: rows, columns: depth }, transposed, at(x, depth));
        // Our own product leaves it in float32; a library's rounds it to its operands' kind.
        expect(worst(dw!, toWeight)).toBeLessThan(hasOwnProduct ? 2e-6 : tolerance);
        const toBias = product({ rows: 1, depth: rows, columns }, () => 1, at(dy, columns));
        expect(worst(db!, toBias)).toBeLessThan(2e-6);
      },
    );
  }

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("tf.matMul with transposeA %s, transposeB %s", (transposeA, transposeB) => {
    const size = { rows: 130, depth: 140, columns: 150 };
    const [a, b] = [numbers(130 * 140, 1).map(Math.fround), numbers(140 * 150, 2).map(Math.fround)];
    const left = tf.tensor2d(a, transposeA ? [140, 130] : [130, 140]);
    const right = tf.tensor2d(b, transposeB ? [150, 140] : [140, 150]);
    const expected = product(
      size,
      (row, k) => a[transposeA ? k * 130 + row : row * 140 + k] as number,
      (k, column) => b[transposeB ? column * 140 + k : k * 150 + column] as number,
    );
    expect(worst(tf.matMul(left, right, transposeA, transposeB), expected)).toBeLessThan(5e-6);
  });

  it.each([
    ["fp32", false, false],
    ["fp32", false, true],
    ["fp32", true, false],
    ["fp32", true, true],
    ["bf16", false, true],
    ["bf16", true, false],
  ] as const)(
    "each matrix of a stack with its own of another, in %s; transposed: %s, %s",
    (precision, transposeA, transposeB) => {
      setPrecision(precision);
      const round = precision === "bf16" ? inBfloat16 : Math.fround; // operands are exact
      const [stack, size] = [[2, 3], { rows: 520, depth: 513, columns: 17 }] as const; // each above 2^22 multiplications
      const { rows, depth, columns } = size;
      const a = tf.tensor(numbers(6 * rows * depth, 1).map(round), [
        ...stack,
        ...(transposeA ? [depth, rows] : [rows, depth]),
      ]);
      const b = tf.tensor(numbers(6 * depth * columns, 2).map(round), [
        ...stack,
        ...(transposeB ? [columns, depth] : [depth, columns]),
      ]);
      const [left, right] = [a.dataSync(), b.dataSync()];
      const found = tf.matMul(a, b, transposeA, transposeB);
      expect(found.shape).toEqual([...stack, rows, columns]);
      const expected = Array.from({ length: 6 }, (_, matrix) => {
        const [atA, atB] = [matrix * rows * depth, matrix * depth * columns];
        return product(
          size,
          (row, k) => left[atA + (transposeA ? k * rows + row : row * depth + k)] as number,
          (k, column) => right[atB + (transposeB ? column * depth + k : k * columns + column)] as number,
        );
      });
      expect(worst(found, Float64Array.from(expected.flatMap((values) => [...values])))).toBeLessThan(
        precision === "bf16" ? 2 ** -8 : 4e-6, // 53,040 sums of 513 terms
      );
      tf.dispose([a, b, found]);
    },
  );

  it("gives the same bits with any number of threads", () => {
    const inputs = {
      x: tf.randomNormal([150, 700], 0, 1, "float32", 1),
      weight: tf.randomNormal([90, 700], 0, 1, "float32", 2),
    };
    const threads = getThreads();
    const run = (count: number) => {
      setThreads(count);
      return Array.from(runKernel("FusedLinear", inputs, { inputActivation: "gelu" })[0]!.dataSync());
    };
    const results = [1, 2, 3].map(run);
    setThreads(threads);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
