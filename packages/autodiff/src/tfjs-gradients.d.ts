import type { GradConfig } from "@tensorflow/tfjs-core";

/** The derivatives of tfjs-core's kernels; see scripts/make-tfjs-gradients.mjs. */
export declare const tfjsGradients: readonly GradConfig[];
