import { median, rounded } from "../harness/median.js";
import type { Runs } from "../harness/run-in-turn.js";
import type { Measured } from "../harness/run-json.js";
import { ourSide, type Settings, type Side, torchSide } from "../harness/sides.js";
import { peakShapes } from "./gemm-shapes.js";

const libraries = ["gemm", "gemm-pytorch", "gemm-numpy"];

/** Sides that find the machine's own best GEMM rate: ours, PyTorch's and, in fp32, numpy's, on large products. */
export function gemmSides({ dtype, threads }: Settings): Side[] {
  const settings = { dtype, threads, shapes: peakShapes };
  const sides = [ourSide("gemm", settings, "gemm"), torchSide("gemm", settings, "gemm-pytorch")];
  return dtype === "fp32" ? [...sides, torchSide("gemm_numpy", settings, "gemm-numpy")] : sides;
}

/** Achieved ÷ best GEMM rate of the same pair, the median over the pairs; and that best rate with its library. */
export function gemmShare(runs: Runs): { gemmShare: number; bestGemm: { gflops: number; library: string } } {
  const ours = runs.of.get("ours") ?? [];
  const rates = libraries.map((name) => ({ name, rates: (runs.of.get(name) ?? []).map(bestRate) }));
  const best = ours.map((_, pair) => Math.max(...rates.map(({ rates }) => rates[pair] ?? 0)));
  const fastest = rates
    .map(({ name, rates }) => ({
      library: name === "gemm" ? "ours" : name.slice("gemm-".length),
      gflops: Math.max(0, ...rates),
    }))
    .reduce((a, b) => (b.gflops > a.gflops ? b : a));
  const shares = ours.map((run, pair) => (run.gflops as number) / (best[pair] as number));
  return {
    gemmShare: rounded(median(shares)),
    bestGemm: { gflops: rounded(median(best)), library: fastest.library },
  };
}

function bestRate(run: Measured): number {
  return Math.max(...Object.values(run).map((shape) => (typeof shape === "object" ? (shape.gflops as number) : 0)));
}
