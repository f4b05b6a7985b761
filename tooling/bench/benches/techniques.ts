import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { median } from "../harness/median.js";
import type { Measured } from "../harness/run-json.js";
import { runOnRanks } from "../harness/run-on-ranks.js";
import type { Settings } from "../harness/sides.js";

export interface TechniquesOptions extends Omit<Settings, "dtype"> {
  readonly folder: string;
  readonly pairs: number;
}

interface Way {
  readonly ranks?: number;
  /** What it stands beside. */
  readonly beside?: string;
  readonly settings: object;
}

const WARMUP_STEPS = 1;

/**
 * A ViT classifier's fine-tuning step with each technique alone, beside none: memory saved, in all and of activations, and
 * change of speed. ZeRO-3 on two ranks, half of the batch each, stands beside data parallelism on as many.
 */
export async function* benchTechniques(options: TechniquesOptions): AsyncGenerator<Record<string, unknown>> {
  const { model, batch, threads, steps, pairs } = options;
  const offloadFolder = mkdtempSync(join(options.folder, "techniques-"));
  const common = { model, threads, steps, warmupSteps: WARMUP_STEPS };
  const halves = { batch: Math.ceil(batch / 2), threads: Math.max(1, Math.floor(threads / 2)) };
  const ways: Record<string, Way> = {
    none: { settings: {} },
    lora: { settings: { lora: true }, beside: "none" },
    bf16: { settings: { dtype: "bf16" }, beside: "none" },
    recompute: { settings: { recompute: true }, beside: "none" },
    "offload to disk": { settings: { sharded: true, offloadFolder }, beside: "none" },
    "2 ranks": { ranks: 2, settings: halves },
    "ZeRO-3, 2 ranks": { ranks: 2, settings: { ...halves, sharded: true }, beside: "2 ranks" },
  };
  try {
    const runs: Record<string, Measured[]> = {};
    for (let pair = 0; pair < pairs; pair++)
      for (const [name, { ranks = 1, settings }] of Object.entries(ways)) {
        const measured = await runOnRanks("techniques", ranks, { ...common, batch, dtype: "fp32", ...settings });
        runs[name] = [...(runs[name] ?? []), measured];
      }
    for (const [technique, { beside }] of Object.entries(ways)) {
      const own = runs[technique] as Measured[];
      const of = (key: string): number => median(own.map((run) => run[key] as number));
      const ratio = (key: string): number =>
        median(own.map((run, pair) => (run[key] as number) / (runs[beside as string]?.[pair]?.[key] as number)));
      yield {
        bench: "techniques",
        ...{ ...common, batch, pairs, technique },
        ...{ trainedParameters: of("trainedParameters"), peakBytes: of("peakBytes") },
        ...{ activationBytes: of("activationBytes"), secondsPerStep: of("secondsPerStep") },
        ...(beside !== undefined && {
          beside,
          memorySaved: 1 - ratio("peakBytes"),
          activationsSaved: 1 - ratio("activationBytes"),
          speedup: 1 / ratio("secondsPerStep"),
        }),
      };
    }
  } finally {
    rmSync(offloadFolder, { recursive: true });
  }
}
