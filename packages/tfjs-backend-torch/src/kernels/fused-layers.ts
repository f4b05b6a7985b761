import type { KernelConfig } from "@tensorflow/tfjs-core";
import { kernel } from "../define-kernel.js";

/** RMS normalization and the tanh GELU. */
export const fusedLayerKernels: KernelConfig[] = [
  kernel<{ epsilon: number }>("FusedRmsNorm", { args: ({ x, gamma }, { epsilon }) => [x!, gamma!, epsilon] }),
  kernel("FusedRmsNormGrad", { args: ({ dy, x, gamma, rstd }) => [dy!, x!, gamma!, rstd!] }),
  kernel("FusedGeluTanh", { args: ({ x }) => [x!] }),
  kernel("FusedGeluTanhGrad", { args: ({ dy, x }) => [dy!, x!] }),
];
