import type { Tensor } from "@tensorflow/tfjs-core";
import type { DecoderCache } from "./decoder-cache.js";
import type { RotaryTables } from "./rotary.js";

/** What the tokens of one pass through a decoder have in common. */
export interface AttentionContext {
  readonly rotary: RotaryTables;
  /** Which tokens, those before included, each one sees; all if undefined. */
  readonly mask: Tensor | "causal" | undefined;
  readonly cache: DecoderCache | undefined;
}
