import { memoryRatio } from "../harness/memory-ratio.js";
import { choosePeers, type Peers } from "../harness/peers.js";
import { compare, runInTurn } from "../harness/run-in-turn.js";
import { ourSide, torchSide } from "../harness/sides.js";

export interface ChannelsOptions {
  readonly model: string;
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly steps: number;
  readonly pairs: number;
  readonly channels: readonly number[];
  /** Channels of the prediction. Default: all. */
  readonly outputs?: number;
  /** `flat`, or shape and reducer, such as `tree4-linear`. */
  readonly trees: readonly string[];
  /** Groups of every tree. */
  readonly groups: number;
  readonly peer?: true | string;
  readonly profile?: boolean;
}

/** Training steps of a `ChannelVit` by number of channels and kind of tree, ours and the same model in PyTorch. */
export async function benchChannels(options: ChannelsOptions): Promise<Record<string, unknown>> {
  const { model, batch, dtype, threads, steps, pairs, channels, outputs, trees, groups, peer, profile } = options;
  const settings = { model, batch, dtype, threads, steps };
  const rows: Record<string, unknown>[] = [];
  for (const count of channels)
    for (const tree of trees) {
      const [shape, reducer] = treeOf(tree);
      const child = {
        ...settings,
        warmupSteps: 1,
        channels: count,
        outputs: outputs ?? count,
        shape,
        ...(reducer && { reducer, groups }),
      };
      const known: Peers = {
        pytorch: () => torchSide("channels", child),
        "pytorch-convs": () => torchSide("channels", { ...child, convs: true }, "pytorch-convs"),
      };
      const peers = choosePeers(known, ["pytorch"], peer);
      const runs = await runInTurn([ourSide("channels", { ...child, profile }), ...peers], pairs);
      const names = peers.map(({ name }) => name);
      const memory = peer ? { memoryRatio: memoryRatio(runs, names) } : {};
      rows.push({ channels: count, tree, ...compare(runs, names, "secondsPerStep"), ...memory });
    }
  return { bench: "channels", ...settings, pairs, groups, rows };
}

/** @throws {RangeError} for another word than `flat`, `treeN-linear` or `treeN-cross-attention`. */
function treeOf(name: string): [shape: string, reducer?: string] {
  if (name === "flat") return [name];
  const [, shape, reducer] = /^(tree\d+)-(linear|cross-attention)$/.exec(name) ?? [];
  if (!shape || !reducer)
    throw new RangeError(`--trees: expected flat, tree0-linear, tree2-cross-attention and the like, got ${name}.`);
  return [shape, reducer];
}
