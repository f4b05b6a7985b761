import { gather, slice, type Tensor, tensor1d } from "@tensorflow/tfjs-core";

/**
 * The images' channels in this order: `[B, C, H, W] → [B, n, H, W]`; of some successive images only, if asked. A run of
 * channels is one slice.
 */
export function pickChannels(
  images: Tensor,
  channels: readonly number[],
  { first = 0, count = (images.shape[0] as number) - first }: { readonly first?: number; readonly count?: number } = {},
): Tensor {
  const start = channels[0] as number;
  const isRun = channels.every((channel, index) => channel === start + index);
  const isWhole = count === images.shape[0] && (!isRun || channels.length === images.shape[1]);
  const seen = isWhole
    ? images
    : slice(images, [first, isRun ? start : 0, 0, 0], [count, isRun ? channels.length : -1, -1, -1]);
  return isRun ? seen : gather(seen, tensor1d([...channels], "int32"), 1);
}
