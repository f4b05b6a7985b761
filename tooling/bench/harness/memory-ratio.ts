import { median, rounded } from "./median.js";
import type { Runs } from "./run-in-turn.js";

/** Peak resident memory, ours ÷ each peer's. */
export function memoryRatio(runs: Runs, peers: readonly string[]): Record<string, number> {
  const peak = (name: string): number => median((runs.of.get(name) ?? []).map((run) => run.peakRssMB as number));
  const measured = peers.filter((name) => runs.of.has(name));
  return Object.fromEntries(measured.map((name) => [name, rounded(peak("ours") / peak(name))]));
}
