import type { Tensor } from "@tensorflow/tfjs-core";

/** A tensor's values; none of no tensor. */
export const numbers = (tensor: Tensor | undefined): number[] => Array.from(tensor?.dataSync<"float32">() ?? []);
