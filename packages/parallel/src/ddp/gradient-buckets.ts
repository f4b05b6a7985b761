import type { Communicator, Request } from "@graticule/mpi";
import { concat, keep, mul, reshape, split, type Tensor, tensor1d, tidy, zeros } from "@tensorflow/tfjs-core";
import { type CollectiveBuffer, collectiveBuffer } from "../collective-buffer.js";
import type { BucketPlan } from "./plan-buckets.js";

interface Reduction {
  readonly plan: BucketPlan;
  readonly shapes: readonly (readonly number[])[];
  readonly values: CollectiveBuffer;
  readonly request: Request;
}

/** Averages gradients over ranks, bucket by bucket, while more of them come. */
export interface GradientBuckets {
  /** Takes ownership; starts the reduction of each bucket that is now complete. */
  add(path: string, gradient: Tensor): void;
  /** Waits for all; gradients that no rank has are left out. The tensors are the caller's. */
  finish(): Promise<Map<string, Tensor>>;
  /** Frees what was added since the last `finish`, once no reduction uses it. */
  discard(): void;
}

/**
 * Buckets are reduced in the plan's order on every rank, whatever the order in which they fill. With each bucket travels
 * one number a parameter that says whether a rank has its gradient, so that one which only some ranks have counts as
 * zero on the others.
 *
 * @param shapes of the parameters, by path.
 */
export function makeGradientBuckets(
  plans: readonly BucketPlan[],
  shapes: ReadonlyMap<string, readonly number[]>,
  communicator: Communicator,
): GradientBuckets {
  const waiting = new Map<string, Tensor>();
  let reductions: Reduction[] = [];

  function start(plan: BucketPlan): void {
    const values = tidy(() => {
      const present = plan.paths.map((path) => (waiting.has(path) ? 1 : 0));
      const parts = plan.paths.map((path, at) => {
        const gradient = waiting.get(path);
        return gradient ? reshape(gradient, [-1]) : zeros([plan.sizes[at] as number]);
      });
      return keep(concat([...parts, tensor1d(present)]));
    });
    for (const path of plan.paths) {
      waiting.get(path)?.dispose();
      waiting.delete(path);
    }
    const buffer = collectiveBuffer(values);
    const request = communicator.startAllReduce(buffer.buffer);
    const own = plan.paths.map((path) => shapes.get(path) as readonly number[]);
    reductions.push({ plan, shapes: own, values: buffer, request });
  }

  /** Bucket k is started after bucket k − 1, also if it was complete before. */
  function startComplete(): void {
    for (let next = plans[reductions.length]; next; next = plans[reductions.length]) {
      if (!next.paths.every((path) => waiting.has(path))) return;
      start(next);
    }
  }

  return {
    add(path, gradient) {
      waiting.set(path, gradient);
      startComplete();
    },
    async finish() {
      for (const plan of plans.slice(reductions.length)) start(plan);
      const means = new Map<string, Tensor>();
      for (const { plan, shapes: own, values, request } of reductions) {
        await request.wait();
        const sums = values.finish();
        const parts = takeMeans(sums, plan, communicator.size);
        sums.dispose();
        for (const [at, path] of plan.paths.entries()) {
          const flat = parts[at];
          if (!flat) continue;
          means.set(path, keep(reshape(flat, [...(own[at] as readonly number[])])));
          flat.dispose();
        }
      }
      reductions = [];
      return means;
    },
    discard() {
      for (const gradient of waiting.values()) gradient.dispose();
      waiting.clear();
      for (const { values, request } of reductions) {
        request.waitSync();
        values.finish().dispose();
      }
      reductions = [];
    },
  };
}

/** The mean gradients of a reduced bucket; undefined for those that no rank has. */
function takeMeans(sums: Tensor, { paths, sizes }: BucketPlan, ranks: number): (Tensor | undefined)[] {
  const parts = tidy(() => {
    const means = split(mul(sums, 1 / ranks), [...sizes, paths.length]);
    return means.map((mean) => keep(mean));
  });
  const present = parts.pop() as Tensor;
  const counts = present.dataSync();
  present.dispose();
  return parts.map((part, at) => {
    if ((counts[at] as number) > 0) return part;
    part.dispose();
    return undefined;
  });
}
