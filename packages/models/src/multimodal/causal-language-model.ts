import { Linear, Module } from "@graticule/nn";
import { linear } from "@graticule/ops";
import { mul, slice, type Tensor, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import { type DecodeOptions, Decoder } from "./decoder.js";
import type { DecoderConfig } from "./decoder-config.js";

/**
 * Decoder with the layer that scores the next token, in the tensor names of MiniCPM3 and Llama; with `tieEmbeddings` that layer is the
 * token embeddings' weight, and has no tensor of its own.
 *
 * Shape: rows of N token numbers → logits `[B, N, vocabSize]`.
 */
export class CausalLanguageModel extends Module {
  readonly model: Decoder;
  readonly lmHead: Linear | undefined;

  constructor(config: DecoderConfig) {
    super();
    this.model = new Decoder(config);
    this.lmHead = config.tieEmbeddings ? undefined : new Linear(config.embedDim, config.vocabSize, { bias: false });
  }

  forward(rows: readonly ArrayLike<number>[], options: DecodeOptions = {}): Tensor3D {
    return tidy(() => this.logits(this.model.forward(rows, options)));
  }

  /** Scores of the token after each state: `[..., D] → [..., vocabSize]`. */
  logits<T extends Tensor>(states: T): T {
    const { embedDim, logitBaseDim } = this.model.config;
    return tidy(() => {
      const scaled = mul(states, logitBaseDim / embedDim);
      const logits = this.lmHead ? this.lmHead.forward(scaled) : linear(scaled, this.model.embedTokens.weight.variable);
      return logits as T;
    });
  }

  /** Scores of the token after the last ones alone: `[B, N, D] → [B, 1, vocabSize]`. */
  nextLogits(states: Tensor): Tensor3D {
    return tidy(() => this.logits(slice(states, [0, (states.shape[1] as number) - 1, 0], [-1, 1, -1]) as Tensor3D));
  }
}
