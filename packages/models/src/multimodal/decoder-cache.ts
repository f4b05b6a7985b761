import { concat, keep, type Tensor } from "@tensorflow/tfjs-core";

/**
 * What a decoder remembers of the tokens before: of each layer a tensor `[B, N, W]`. With latent attention that is the latent
 * that keys and values are made from, and the turned part of the key: W = keyValueRank + ropeHeadDim, where keys and values
 * of all heads would take numHeads · (nopeHeadDim + ropeHeadDim + valueHeadDim). With grouped-query attention it is the keys,
 * then the values, of the few heads that have some: W = 2 · numKeyValueHeads · headDim.
 */
export class DecoderCache {
  readonly #layers: Tensor[] = [];

  /** Tokens that it holds. */
  get length(): number {
    return this.#layers[0]?.shape[1] ?? 0;
  }

  /** Adds tokens to a layer's and returns all of them; they live until the next ones are added. */
  append(layer: number, own: Tensor): Tensor {
    const past = this.#layers[layer];
    const all = keep(past ? concat([past, own], 1) : own.clone());
    past?.dispose();
    this.#layers[layer] = all;
    return all;
  }

  dispose(): void {
    for (const layer of this.#layers) layer.dispose();
    this.#layers.length = 0;
  }
}
