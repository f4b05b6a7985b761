import { fileURLToPath } from "node:url";
import { findPeerScript, findTorchPython } from "./find-peer.js";
import type { StepProfile } from "./profile-step.js";
import { median, runJson } from "./run-json.js";

export interface StepOptions {
  readonly model: string;
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly steps: number;
  readonly pairs: number;
  readonly peer?: boolean;
  readonly profile?: boolean;
}

interface Speed {
  readonly imagesPerSecond: number;
  readonly secondsPerStep: number;
  readonly gflops: number;
  readonly peakRssMB: number;
  readonly profile?: StepProfile;
}

/** Times our MAE step and PyTorch's in turn, each in a process of its own; medians over the runs, ratio over the pairs. */
export async function benchStep(options: StepOptions): Promise<Record<string, unknown>> {
  const { model, batch, dtype, threads, steps, pairs, peer, profile } = options;
  const flags = ["--model", model, "--batch", batch, "--dtype", dtype, "--threads", threads, "--steps", steps].map(
    String,
  );
  const node = [
    "--conditions=@graticule/source",
    "--import",
    "tsx",
    fileURLToPath(new URL("step-ours.ts", import.meta.url)),
  ];
  const python = peer ? findTorchPython() : undefined;
  const script = peer ? findPeerScript("mae_step.py") : undefined;
  if (profile) node.push("--profile");
  const ours: Speed[] = [];
  const pytorch: Speed[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    ours.push((await runJson(process.execPath, [...node, ...flags])) as unknown as Speed);
    if (!python || !script) continue;
    const found = await runJson(python, [script, ...flags]);
    pytorch.push({
      imagesPerSecond: found.images_per_s as number,
      secondsPerStep: found.seconds_per_step as number,
      gflops: found.gflops as number,
      peakRssMB: found.peak_rss_mb as number,
    });
  }
  const result = {
    bench: "step",
    model,
    batch,
    dtype,
    threads,
    pairs,
    ours: middle(ours),
    ...(profile && { profile: ours.at(-1)?.profile }),
  };
  if (!peer) return result;
  if (pytorch.length === 0)
    return {
      ...result,
      peers: { pytorch: null },
      note: script ? "no Python with torch found" : "no peer script found",
    };
  const ratio = median(
    ours.map(({ imagesPerSecond }, pair) => imagesPerSecond / (pytorch[pair] as Speed).imagesPerSecond),
  );
  const memory = middle(ours).peakRssMB / middle(pytorch).peakRssMB;
  return {
    ...result,
    peers: { pytorch: middle(pytorch) },
    ratio: { pytorch: Number(ratio.toFixed(3)) },
    memoryRatio: { pytorch: Number(memory.toFixed(3)) },
  };
}

function middle(runs: readonly Speed[]): Omit<Speed, "profile"> {
  const of = (key: keyof Omit<Speed, "profile">): number => Number(median(runs.map((run) => run[key])).toPrecision(5));
  return {
    imagesPerSecond: of("imagesPerSecond"),
    secondsPerStep: of("secondsPerStep"),
    gflops: of("gflops"),
    peakRssMB: of("peakRssMB"),
  };
}
