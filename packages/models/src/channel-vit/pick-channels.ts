import { gather, slice, type Tensor, tensor1d } from "@tensorflow/tfjs-core";

/** The images' channels in this order: `[B, C, H, W] → [B, n, H, W]`. A run of them is one slice. */
export function pickChannels(images: Tensor, channels: readonly number[]): Tensor {
  const first = channels[0] as number;
  if (!channels.every((channel, index) => channel === first + index))
    return gather(images, tensor1d([...channels], "int32"), 1);
  if (channels.length === images.shape[1]) return images;
  return slice(images, [0, first, 0, 0], [-1, channels.length, -1, -1]);
}
