import type { Measured } from "../harness/run-json.js";
import { runOnRanks } from "../harness/run-on-ranks.js";

export interface DchagOptions {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Channels and ranks, as in `512x4`. */
  readonly cases: readonly string[];
  /** Shape and reducer, such as `tree0-linear`. */
  readonly trees: readonly string[];
  readonly outputs: number;
  readonly baseline: "same" | "flat" | "gather-all";
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly steps: number;
  readonly pairs: number;
}

interface Side extends Measured {
  /** Of the rank that holds most: weights, moments, batch, activations. */
  readonly peakBytes: number;
  readonly samplesPerSecond: number;
}

/** The first side's first steps take up to twice as long, while V8 compiles in all processes at once. */
const WARMUP_STEPS = 5;

/** Peak memory and throughput of D-CHAG beside tensor parallelism alone, or with all tokens gathered, on the same ranks. */
export async function* benchDchag(options: DchagOptions): AsyncGenerator<Record<string, unknown>> {
  const { cases, trees, width, depth, heads, outputs, baseline: of, batch, dtype, threads, steps, pairs } = options;
  const common = { width, depth, heads, outputs, batch, dtype, threads, steps, pairs };
  for (const each of cases)
    for (const tree of trees) {
      const [channels, tp] = numbersOf(each);
      const [shape, reducer] = treeOf(tree);
      const settings = { ...common, baseline: of, warmupSteps: WARMUP_STEPS, channels, shape, reducer };
      const { baseline, dchag } = (await runOnRanks("dchag", tp, settings)) as unknown as Record<
        "baseline" | "dchag",
        Side
      >;
      yield {
        bench: "dchag",
        ...common,
        channels,
        tp,
        reducer,
        tree: shape,
        baseline: { tree: of === "same" ? shape : of, ...baseline },
        dchag,
        memorySaved: 1 - dchag.peakBytes / baseline.peakBytes,
        speedup: dchag.samplesPerSecond / baseline.samplesPerSecond,
      };
    }
}

/** @throws {RangeError} for another word than channels x ranks. */
function numbersOf(name: string): [channels: number, ranks: number] {
  const [, channels, ranks] = /^(\d+)x(\d+)$/.exec(name) ?? [];
  if (!channels || !ranks) throw new RangeError(`--cases: expected CHANNELSxRANKS, such as 512x4, got ${name}.`);
  return [Number(channels), Number(ranks)];
}

/** @throws {RangeError} for another word than `treeN-linear` or `treeN-cross-attention`. */
function treeOf(name: string): [shape: string, reducer: string] {
  const [, shape, reducer] = /^(tree\d+)-(linear|cross-attention)$/.exec(name) ?? [];
  if (!shape || !reducer)
    throw new RangeError(`--trees: expected tree0-linear, tree2-cross-attention and the like, got ${name}.`);
  return [shape, reducer];
}
