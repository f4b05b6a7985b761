import { memoryRatio } from "../harness/memory-ratio.js";
import { choosePeers, type Peers } from "../harness/peers.js";
import { compare, runInTurn } from "../harness/run-in-turn.js";
import { maeStepPeer, ourSide, type Settings, type Side, torchSide } from "../harness/sides.js";
import { gemmShare, gemmSides } from "./gemm-share.js";

export type StepTask = "step" | "finetune-step" | "inference";

export interface StepOptions extends Settings {
  readonly pairs: number;
  readonly peer?: true | string;
  readonly profile?: boolean;
}

const WARMUP_STEPS = 2;

/**
 * Times a step of a whole model, ours and the peers in turn. With peers it also gives `gemmShare`, our rate ÷ the best
 * GEMM rate of this machine, measured in the same call.
 */
export async function benchStep(task: StepTask, options: StepOptions): Promise<Record<string, unknown>> {
  const { model, batch, dtype, threads, steps, pairs, peer, profile } = options;
  const settings = { model, batch, dtype, threads, steps };
  const child = { ...settings, task, warmupSteps: WARMUP_STEPS };
  const peers = choosePeers(stepPeers(task, settings), ["pytorch"], peer);
  const ours = ourSide("step", { ...child, backend: "torch", profile });
  const runs = await runInTurn([ours, ...peers, ...(peer ? gemmSides(settings) : [])], pairs);
  const names = peers.map(({ name }) => name);
  return {
    bench: task,
    ...settings,
    pairs,
    ...compare(runs, names, "secondsPerStep"),
    ...(peer && { memoryRatio: memoryRatio(runs, names), ...gemmShare(runs) }),
  };
}

function stepPeers(task: StepTask, settings: Settings): Peers {
  const child = { ...settings, task, warmupSteps: WARMUP_STEPS };
  const vit = (extra: object, name: string): Side => torchSide("vit", { ...child, ...extra }, name);
  const tfjs = (backend: string): Side => {
    // A step takes them minutes: the first one warms up, the second one counts.
    const settings = { ...child, backend, dtype: "fp32", warmupSteps: 1, steps: 1 };
    return ourSide("step", settings, backend);
  };
  const pytorch = (compile: boolean, name: string): Side =>
    task === "step" ? maeStepPeer(settings, compile) : vit({ compile }, name);
  return {
    pytorch: () => pytorch(false, "pytorch"),
    "pytorch-compile": () => pytorch(true, "pytorch-compile"),
    ...(task === "inference" && { "pytorch-bf16-weights": () => vit({ bf16Weights: true }, "pytorch-bf16-weights") }),
    wasm: () => tfjs("wasm"),
    tensorflow: () => tfjs("tensorflow"),
  };
}
