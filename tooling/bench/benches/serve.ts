import type { VitPreset } from "@graticule/models";
import { compare, runInTurn } from "../harness/run-in-turn.js";
import { ourSide } from "../harness/sides.js";

export interface ServeBenchOptions {
  readonly model: VitPreset;
  /** Images of a shared forward pass at most. */
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly clients: readonly number[];
  /** How long each case runs. */
  readonly seconds: number;
  readonly pairs: number;
}

/** Requests a second of `graticule-classify serve`, by clients that each wait for their answer, with shared passes and without. */
export async function benchServe({ pairs, ...settings }: ServeBenchOptions): Promise<Record<string, unknown>> {
  const runs = await runInTurn([ourSide("serve", settings)], pairs);
  return { bench: "serve", ...settings, pairs, ...compare(runs, [], "") };
}
