import { maskedPatchError } from "@graticule/ops";
import { type Scalar, type Tensor, tensor2d, tidy } from "@tensorflow/tfjs-core";
import type { Mae } from "./mae.js";
import type { TokenMask } from "./token-mask.js";

/**
 * Mean squared error of the predicted pixels over the masked patches only; with `normPix` each target patch is first
 * brought to mean 0 and variance 1.
 *
 * Shape: images `[B, C, H, W]` → scalar.
 * Source: He et al. 2022, §3 "Reconstruction target", arXiv:2111.06377.
 *
 * @throws {ShapeError} if the images or the mask don't fit the model.
 */
export function maeLoss(model: Mae, images: Tensor, mask: TokenMask, options: { readonly normPix: boolean }): Scalar {
  return tidy(() => {
    const { prediction } = model.forward(images, mask);
    const counted = tensor2d(mask.mask, [mask.batchSize, mask.numTokens]);
    const { patchSize } = model.config;
    return maskedPatchError(prediction, images, counted, { patchSize, normalize: options.normPix });
  });
}
