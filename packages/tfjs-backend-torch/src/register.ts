import { registerBackend, registerKernel } from "@tensorflow/tfjs-core";
import { isAddonBuilt } from "./addon.js";
import { TorchBackend } from "./backend.js";
import { backendName } from "./define-kernel.js";
import { blockKernels } from "./kernels/blocks.js";
import { detectionKernels } from "./kernels/detection.js";
import { elementwiseKernels } from "./kernels/elementwise.js";
import { fusedKernels } from "./kernels/fused.js";
import { fusedAttentionKernels } from "./kernels/fused-attention.js";
import { fusedLayerKernels } from "./kernels/fused-layers.js";
import { fusedLossKernels } from "./kernels/fused-losses.js";
import { fusedPatchKernels } from "./kernels/fused-patches.js";
import { hostKernels } from "./kernels/host.js";

import { imageKernels } from "./kernels/image.js";
import { indexingKernels } from "./kernels/indexing.js";
import { layoutKernels } from "./kernels/layout.js";
import { matmulKernels } from "./kernels/matmul.js";
import { morphologyKernels } from "./kernels/morphology.js";
import { poolingKernels } from "./kernels/pooling.js";
import { reductionKernels } from "./kernels/reduction.js";
import { samplingKernels } from "./kernels/sampling.js";
import { sparseKernels } from "./kernels/sparse.js";
import { windowKernels } from "./kernels/window.js";

let registered = false;

/**
 * Makes tfjs know backend "torch" and its kernels; importing the package does it. The addon is loaded by the first
 * tensor, so a missing addon is an error at that place, which names what to do, and not at import.
 */
export function registerTorchBackend(): void {
  if (registered) return;
  registered = true;
  // Above the tfjs backends (tensorflow: 3) only where it can run.
  registerBackend(backendName, () => new TorchBackend(), isAddonBuilt() ? 4 : 0);
  const families = [elementwiseKernels, reductionKernels, layoutKernels, indexingKernels, matmulKernels];
  const more = [windowKernels, imageKernels, blockKernels, detectionKernels, samplingKernels, fusedKernels];
  const rare = [poolingKernels, morphologyKernels, sparseKernels, hostKernels];
  const fused = [fusedAttentionKernels, fusedLayerKernels, fusedLossKernels, fusedPatchKernels];
  for (const config of [...families, ...more, ...rare, ...fused].flat()) registerKernel(config);
}
