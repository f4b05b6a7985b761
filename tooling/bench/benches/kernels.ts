import { type VitPreset, vitPresets } from "@graticule/models";
import { median, rounded } from "../harness/median.js";
import { choosePeers } from "../harness/peers.js";
import { compare, runInTurn } from "../harness/run-in-turn.js";
import { ourSide, type Side, torchSide } from "../harness/sides.js";
import { adamwShapes } from "./adamw-shapes.js";
import { bandwidthSide } from "./bandwidth.js";
import { blockShapes } from "./gemm-shapes.js";

export interface KernelOptions {
  readonly model: VitPreset;
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly pairs: number;
  readonly peer?: true | string;
}

type Result = Promise<Record<string, unknown>>;

/** Matrix products of a transformer block, forward and backward. */
export async function benchGemm({ pairs, peer, ...settings }: KernelOptions): Result {
  const child = { ...settings, shapes: blockShapes(settings.model, settings.batch) };
  const known = {
    pytorch: () => torchSide("gemm", child),
    numpy: () => torchSide("gemm_numpy", child, "numpy"),
  };
  return inTurn("gemm", settings, pairs, ourSide("gemm", child), choosePeers(known, ["pytorch"], peer));
}

/** Fused attention from joined q, k, v to joined heads beside SDPA. */
export async function benchAttention(options: KernelOptions & { readonly tokens: readonly number[] }): Result {
  const { pairs, peer, ...settings } = options;
  const { embedDim: width, numHeads } = vitPresets[settings.model];
  const child = { ...settings, width, numHeads };
  const peers = choosePeers({ pytorch: () => torchSide("attention", child) }, ["pytorch"], peer);
  return inTurn("attention", settings, pairs, ourSide("attention", child), peers);
}

/** Layer norm of all tokens of a batch of 224² images. */
export async function benchLayerNorm({ pairs, peer, ...settings }: KernelOptions): Result {
  const { embedDim: width, patchSize } = vitPresets[settings.model];
  const child = { ...settings, rows: settings.batch * ((224 / patchSize) ** 2 + 1), width };
  const peers = choosePeers({ pytorch: () => torchSide("layernorm", child) }, ["pytorch"], peer);
  return inTurn("layernorm", settings, pairs, ourSide("layernorm", child), peers);
}

/** One AdamW step of a ViT's blocks, with its share of the memory bandwidth that `bandwidth.cc` measures in each pair. */
export async function benchAdamW({ model, threads, pairs, peer }: KernelOptions): Result {
  const child = { threads, shapes: adamwShapes(model) };
  const peers = choosePeers({ pytorch: () => torchSide("adamw", child) }, ["pytorch"], peer);
  const runs = await runInTurn([ourSide("adamw", child), ...peers, bandwidthSide(threads)], pairs);
  const names = peers.map(({ name }) => name);
  const bandwidths = runs.of
    .get("bandwidth")
    ?.map((run) => Math.max(run.triadGBps as number, run.updateGBps as number));
  const shares = runs.of
    .get("ours")
    ?.map((run, pair) => (run.gigabytesPerSecond as number) / (bandwidths?.[pair] ?? 0));
  return {
    bench: "adamw",
    ...{ model, dtype: "fp32", threads, pairs },
    ...compare(runs, names, "milliseconds"),
    ...(bandwidths && {
      bandwidthGBps: rounded(median(bandwidths)),
      bandwidthShare: rounded(median(shares as number[])),
    }),
  };
}

/** Microseconds of an op on one number. */
export async function benchOpOverhead({ pairs, peer }: Pick<KernelOptions, "pairs" | "peer">): Result {
  const tfjs = (backend: string, name = backend): Side => ourSide("op-overhead", { backend }, name);
  const known = {
    wasm: () => tfjs("wasm"),
    cpu: () => tfjs("cpu"),
    tensorflow: () => tfjs("tensorflow"),
    pytorch: () => torchSide("op_overhead", {}),
  };
  const peers = choosePeers(known, Object.keys(known), peer);
  return inTurn("op-overhead", {}, pairs, tfjs("torch", "ours"), peers, "microseconds");
}

async function inTurn(
  bench: string,
  settings: object,
  pairs: number,
  ours: Side,
  peers: readonly Side[],
  time = "milliseconds",
): Result {
  const runs = await runInTurn([ours, ...peers], pairs);
  const names = peers.map(({ name }) => name);
  return { bench, ...settings, pairs, ...compare(runs, names, time) };
}
