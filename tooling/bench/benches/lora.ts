import { memoryRatio } from "../harness/memory-ratio.js";
import { choosePeers } from "../harness/peers.js";
import { compare, runInTurn } from "../harness/run-in-turn.js";
import { ourSide, pythonSide, type Settings } from "../harness/sides.js";

export interface LoraBenchOptions extends Settings {
  readonly loraRank: number;
  readonly targets: string;
  readonly pairs: number;
  readonly peer?: true | string;
  readonly profile?: boolean;
}

const WARMUP_STEPS = 2;

/** A ViT classifier's step with LoRA, beside peft's on the same model, and beside our own full fine-tuning. */
export async function benchLora(options: LoraBenchOptions): Promise<Record<string, unknown>> {
  const { model, batch, dtype, threads, steps, loraRank, targets, pairs, peer, profile } = options;
  const settings = { model, batch, dtype, threads, steps, loraRank, targets };
  const child = { ...settings, warmupSteps: WARMUP_STEPS };
  const known = {
    peft: () => pythonSide("lora", ["torch", "peft"], child, "peft"),
    full: () => ourSide("lora", { ...child, full: true }, "full"),
  };
  const peers = choosePeers(known, ["peft", "full"], peer);
  const names = peers.map(({ name }) => name);
  const runs = await runInTurn([ourSide("lora", { ...child, profile }), ...peers], pairs);
  return {
    bench: "lora",
    ...settings,
    pairs,
    ...compare(runs, names, "secondsPerStep"),
    ...(peer && { memoryRatio: memoryRatio(runs, names) }),
  };
}
