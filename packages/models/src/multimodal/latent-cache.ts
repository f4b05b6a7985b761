import { concat, keep, type Tensor } from "@tensorflow/tfjs-core";

/**
 * What a decoder remembers of the tokens before: of each layer and token the latent that keys and values are made from,
 * and the turned part of the key, `[B, N, keyValueRank + ropeHeadDim]`. Keys and values of all heads
 * would take numHeads · (nopeHeadDim + ropeHeadDim + valueHeadDim) numbers for each.
 */
export class LatentCache {
  readonly #layers: Tensor[] = [];

  /** Tokens that it holds. */
  get length(): number {
    return this.#layers[0]?.shape[1] ?? 0;
  }

  /** Adds tokens to a layer's and returns all of them; they live until the next ones are added. */
  append(layer: number, latents: Tensor): Tensor {
    const past = this.#layers[layer];
    const all = keep(past ? concat([past, latents], 1) : latents.clone());
    past?.dispose();
    this.#layers[layer] = all;
    return all;
  }

  dispose(): void {
    for (const latents of this.#layers) latents.dispose();
    this.#layers.length = 0;
  }
}
