import { expectation } from "@graticule/core";

/**
 * How fast a ViT's parameters learn in fine-tuning, by path: decay^(depth + 1 − i) with i = 0 for patches, channels, class token
 * and positions, i + 1 for block i, and 1 for what comes behind the blocks. Adapters learn as their layers.
 *
 * Source: MAE's fine-tuning code, `facebookresearch/mae`.
 *
 * @throws {RangeError} if the decay is not above 0 and at most 1.
 */
export function vitLayerDecay(depth: number, decay: number): (path: string) => number {
  if (!(decay > 0 && decay <= 1))
    throw new RangeError(expectation("vitLayerDecay", "a decay above 0 and at most 1", `${decay}`));
  return (path) => {
    const block = /^blocks\.(\d+)\./.exec(path)?.[1];
    if (block !== undefined) return decay ** (depth - Number(block));
    return /^(patch_embed\.|channels\.|channel_condition\.|cls_token|pos_embed)/.test(path) ? decay ** (depth + 1) : 1;
  };
}
