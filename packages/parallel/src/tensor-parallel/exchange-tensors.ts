import type { Communicator, MpiBuffer } from "@graticule/mpi";
import { releaseStorage, restoreStorage } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { ownMemory } from "../collective-buffer.js";

/** How many indices of a dim each rank has. */
export type Counts = readonly number[];

/** Near-equal parts of a length, the longer ones first. */
export function nearEqualCounts(length: number, parts: number): number[] {
  const [size, longer] = [Math.floor(length / parts), length % parts];
  return Array.from({ length: parts }, (_, part) => size + (part < longer ? 1 : 0));
}

/** The lengths of all ranks' x along a dim. */
export function lengthsOf(x: tf.Tensor, dim: number, group: Communicator): number[] {
  const lengths = new Int32Array(group.size);
  group.allGather(Int32Array.of(x.shape[dim] as number), lengths);
  return [...lengths];
}

/** The sum of all ranks' x, a new tensor. */
export function allReduced(x: tf.Tensor, group: Communicator): tf.Tensor {
  if (group.size === 1) return x.clone();
  return withOutput(
    () => tf.mul(x, 1), // clones share their memory, which is summed in place
    x.shape,
    (buffer) => group.allReduce(buffer),
    () => Float32Array.from(x.dataSync()),
  );
}

/** All ranks' x, joined along a dim, in the order of the ranks; `counts` are their lengths there. */
export function allGathered(x: tf.Tensor, dim: number, counts: Counts, group: Communicator): tf.Tensor {
  if (group.size === 1) return x.clone();
  return tf.tidy(() => {
    const total = sum(counts);
    const row = x.size / (x.shape[dim] as number);
    const flat = withOutput(
      () => zerosLikeStored([row * total], x),
      [row * total],
      (output) => group.allGather(read(x), output, { counts: counts.map((count) => count * row) }),
      () => new Float32Array(row * total),
    );
    const shapeOf = (length: number): number[] => x.shape.map((each, axis) => (axis === dim ? length : each));
    if (x.shape.slice(0, dim).every((length) => length === 1)) return tf.reshape(flat, shapeOf(total));
    const parts = tf.split(
      flat,
      counts.map((count) => count * row),
    );
    return tf.concat(
      parts.map((part, rank) => tf.reshape(part, shapeOf(counts[rank] as number))),
      dim,
    );
  });
}

/** This rank's part, along a dim, of the sum of all ranks' x. */
export function reduceScattered(x: tf.Tensor, dim: number, counts: Counts, group: Communicator): tf.Tensor {
  if (group.size === 1) return x.clone();
  return tf.tidy(() => {
    const own = counts[group.rank] as number;
    const shape = x.shape.map((each, axis) => (axis === dim ? own : each));
    const row = x.size / (x.shape[dim] as number);
    const isInOrder = x.shape.slice(0, dim).every((length) => length === 1);
    const byRank = isInOrder ? x : tf.concat(tf.split(x, [...counts], dim).map((part) => tf.reshape(part, [-1])));
    return withOutput(
      () => zerosLikeStored(shape, byRank),
      shape,
      (output) => group.reduceScatter(read(byRank), output, { counts: counts.map((count) => count * row) }),
      () => new Float32Array(own * row),
    );
  });
}

/** This rank's part of x along a dim. */
export function ownPart(x: tf.Tensor, dim: number, counts: Counts, rank: number): tf.Tensor {
  const first = sum(counts.slice(0, rank));
  const begin = x.shape.map((_, axis) => (axis === dim ? first : 0));
  const size = x.shape.map((length, axis) => (axis === dim ? (counts[rank] as number) : length));
  return tf.slice(x, begin, size);
}

const sum = (counts: Counts): number => counts.reduce((total, count) => total + count, 0);

/** Where the values lie: in the backend's own memory where collectives reach that, in a copy elsewhere. */
function read(x: tf.Tensor): MpiBuffer {
  return ownMemory(x) ?? (x.dataSync() as Float32Array);
}

/** Zeros in float32, or memory of undefined values in bf16 where that is how x is stored: MPI gives back what it gets. */
function zerosLikeStored(shape: number[], x: tf.Tensor): tf.Tensor {
  const output = tf.zeros(shape);
  if (ownMemory(x)?.dtype === "bfloat16") {
    releaseStorage(output);
    restoreStorage(output, undefined, "bfloat16");
  }
  return output;
}

/** A tensor that an operation of MPI writes: in place in the backend's memory, or by way of an array. */
function withOutput(
  makeTensor: () => tf.Tensor,
  shape: number[],
  run: (output: MpiBuffer) => void,
  makeArray: () => Float32Array,
): tf.Tensor {
  if (tf.getBackend() === "torch") {
    const output = makeTensor();
    const memory = ownMemory(output);
    if (memory) {
      run(memory);
      return output;
    }
    output.dispose();
  }
  const values = makeArray();
  run(values);
  return tf.tensor(values, shape, "float32");
}
