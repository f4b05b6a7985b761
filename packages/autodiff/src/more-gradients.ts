import type { GradConfig } from "@tensorflow/tfjs-core";
import { conv2dGradient } from "./gradients/conv2d.js";
import { cumprodGradient } from "./gradients/cumprod.js";
import { einsumGradient } from "./gradients/einsum.js";
import {
  gatherNdGradient,
  scatterNdGradient,
  tensorScatterUpdateGradient,
  topKGradient,
} from "./gradients/indexing.js";

/** Derivatives that tfjs-core lacks, or has for some arguments only. */
export const moreGradients: readonly GradConfig[] = [
  conv2dGradient,
  cumprodGradient,
  einsumGradient,
  gatherNdGradient,
  scatterNdGradient,
  tensorScatterUpdateGradient,
  topKGradient,
];
