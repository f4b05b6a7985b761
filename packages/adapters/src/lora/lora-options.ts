import { expectation } from "@graticule/core";
import type { OwnedOptions } from "../owned-parameters.js";
import type { TargetOptions } from "../select-layers.js";

export interface LoraOptions extends TargetOptions, OwnedOptions {
  /**
   * Path patterns of linear layers, such as `blocks.*.attn.{qkv,proj}`; `**` for all. A fused layer of queries, keys and
   * values is one update of rank R for the three, its parts each have one: `blocks.*.attn.qkv.{q,v}`.
   */
  readonly targets: readonly string[];
  /** `default` unless given. */
  readonly name?: string;
  /** R, the rank of the update. */
  readonly loraRank: number;
  /** The update counts loraAlpha / loraRank times, or with `rsLora` loraAlpha / √loraRank times. */
  readonly loraAlpha: number;
  /** Keeps the size of the update the same for all ranks. False unless given. Source: Kalajdzievski 2023, arXiv:2312.03732. */
  readonly rsLora?: boolean;
  /** Part of the layer's inputs that the update doesn't see, by the streams of `setAdapterDropout`. 0 unless given. */
  readonly loraDropout?: number;
  /** Learns length and direction of the weight's rows apart. False unless given. Source: Liu et al. 2024, arXiv:2402.09353. */
  readonly dora?: boolean;
  /** Draws the first values, together with each layer's path. */
  readonly seed: number;
}

/** @throws {RangeError} if a number is out of range. */
export function checkLoraOptions({ loraRank, loraAlpha, loraDropout = 0 }: LoraOptions): void {
  if (!(Number.isSafeInteger(loraRank) && loraRank > 0))
    throw new RangeError(expectation("addLora", "loraRank to be a positive whole number", `${loraRank}`));
  if (!(loraAlpha > 0)) throw new RangeError(expectation("addLora", "loraAlpha above 0", `${loraAlpha}`));
  if (!(loraDropout >= 0 && loraDropout < 1))
    throw new RangeError(expectation("addLora", "loraDropout from 0 to below 1", `${loraDropout}`));
}

/** How often the update counts. */
export function loraScale({ loraRank, loraAlpha, rsLora = false }: Omit<LoraOptions, "seed" | "targets">): number {
  return loraAlpha / (rsLora ? Math.sqrt(loraRank) : loraRank);
}
