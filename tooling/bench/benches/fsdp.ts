import { findPeerScript } from "../harness/find-peer.js";
import { median } from "../harness/median.js";
import type { Measured } from "../harness/run-json.js";
import { runOnRanks } from "../harness/run-on-ranks.js";
import { type Settings, torchSide } from "../harness/sides.js";

export interface FsdpOptions extends Settings {
  readonly ranks: number;
  readonly strategies: readonly string[];
  readonly pairs: number;
  readonly peer?: true | string;
}

const WARMUP_STEPS = 2;
const PEER_LAYOUTS = ["DDP", "FULL_SHARD", "SHARD_GRAD_OP"];

/**
 * A training step of a ViT-MAE on MPI ranks, by DDP and by each sharding strategy in turn: seconds, and peak bytes of the
 * rank that holds most beside what the strategy should need. With `peer` PyTorch's DDP and FSDP over gloo on as many
 * processes, each beside ours of the same layout.
 */
export async function benchFsdp(options: FsdpOptions): Promise<Record<string, unknown>> {
  const { model, batch, dtype, threads, steps, ranks, strategies, pairs, peer } = options;
  const settings = { model, batch, dtype, threads, steps, warmupSteps: WARMUP_STEPS };
  const layouts = ["DDP", ...strategies];
  const ours: Measured[] = [];
  const peers: Record<string, number>[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    ours.push(await runOnRanks("fsdp", ranks, { ...settings, layouts }));
    if (peer) peers.push(await torchSeconds(layouts, { ...settings, ranks }));
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
        ...(peers[0]?.[layout] !== undefined && besidePeer(layout)),
      },
    ];
  });
  return {
    bench: "fsdp",
    ...settings,
    ranks,
    pairs,
    ...Object.fromEntries(rows),
  };

  function besidePeer(layout: string): { pytorchSecondsPerStep: number; ratio: number } {
    const seconds = peers.map((run) => run[layout] as number);
    const ratios = seconds.map((each, pair) => each / (of(layout, "secondsPerStep")[pair] as number));
    return { pytorchSecondsPerStep: median(seconds), ratio: median(ratios) };
  }
}

async function torchSeconds(layouts: readonly string[], settings: object): Promise<Record<string, number>> {
  const script = findPeerScript("mae_step.py");
  if (!script) throw new Error("expected ../shared/peers/mae_step.py beside the project, got none");
  const seconds: Record<string, number> = {};
  for (const layout of layouts.filter((each) => PEER_LAYOUTS.includes(each))) {
    const measured = await torchSide("data_parallel", { ...settings, layout, script }).run();
    seconds[layout] = measured.secondsPerStep as number;
  }
  return seconds;
}
