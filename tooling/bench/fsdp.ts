import { findPeerScript } from "./find-peer.js";
import { median } from "./median.js";
import type { Measured } from "./run-json.js";
import { runOnRanks } from "./run-on-ranks.js";
import { type Settings, torchSide } from "./sides.js";

export interface FsdpOptions extends Settings {
  readonly ranks: number;
  readonly strategies: readonly string[];
  readonly pairs: number;
  readonly peer?: true | string;
}

const WARMUP_STEPS = 2;

/**
 * A training step of a ViT-MAE on MPI ranks, by DDP and by each sharding strategy in turn: seconds, and peak bytes of the
 * rank that holds most beside what the strategy should need. With `peer` PyTorch's DDP over gloo on as many processes.
 */
export async function benchFsdp(options: FsdpOptions): Promise<Record<string, unknown>> {
  const { model, batch, dtype, threads, steps, ranks, strategies, pairs, peer } = options;
  const settings = { model, batch, dtype, threads, steps, warmupSteps: WARMUP_STEPS };
  const layouts = ["DDP", ...strategies];
  const ours: Measured[] = [];
  const peers: Measured[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    ours.push(await runOnRanks("fsdp", ranks, { ...settings, layouts }));
    if (peer) peers.push(await torchDdp({ ...settings, ranks }));
  }
  const of = (layout: string, name: string): number[] => ours.map((run) => (run[layout] as Measured)[name] as number);
  const rows = layouts.map((layout) => {
    const seconds = median(of(layout, "secondsPerStep"));
    const [peakBytes, expectedBytes] = [Math.max(...of(layout, "peakBytes")), median(of(layout, "expectedBytes"))];
    const ratios = of(layout, "secondsPerStep").map((each, run) => each / (of("DDP", "secondsPerStep")[run] as number));
    return [
      layout,
      {
        secondsPerStep: seconds,
        timesDdp: median(ratios),
        peakBytes,
        expectedBytes,
        bytesRatio: peakBytes / expectedBytes,
      },
    ];
  });
  const ratios = peers.map(
    (run, pair) => (run.secondsPerStep as number) / (of("DDP", "secondsPerStep")[pair] as number),
  );
  return {
    bench: "fsdp",
    ...settings,
    ranks,
    pairs,
    ...Object.fromEntries(rows),
    ...(peers.length > 0 && {
      "pytorch-ddp": { secondsPerStep: median(peers.map((run) => run.secondsPerStep as number)) },
      ratio: median(ratios),
    }),
  };
}

async function torchDdp(settings: object): Promise<Measured> {
  const script = findPeerScript("mae_step.py");
  if (!script) throw new Error("expected ../shared/peers/mae_step.py beside the project, got none");
  return torchSide("data_parallel", { ...settings, script }).run();
}
