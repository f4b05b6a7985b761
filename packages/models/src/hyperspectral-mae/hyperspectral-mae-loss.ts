import type { DropoutStreams } from "@graticule/nn";
import { maskedMeanSquaredError, maskedPatchError, normalizePatches, patchify } from "@graticule/ops";
import { reshape, type Scalar, type Tensor, tensor2d, tidy, transpose } from "@tensorflow/tfjs-core";
import type { TokenMask } from "../mae/token-mask.js";
import type { HyperspectralMae } from "./hyperspectral-mae.js";
import type { SpectralMask } from "./spectral-mask.js";

/**
 * Mean squared error of the predicted pixels over what is masked only: patches, or channels of patches. With `normPix`
 * each target patch (or channel of a patch) is first brought to mean 0 and variance 1. `dropout` drops, for training.
 *
 * Shape: images `[B, C, H, W]` → scalar. It is NaN if nothing is masked.
 * Source: He et al. 2022, §3 "Reconstruction target", arXiv:2111.06377.
 *
 * @throws {ShapeError} if the images or the mask don't fit the model.
 */
export function hyperspectralMaeLoss(
  model: HyperspectralMae,
  images: Tensor,
  mask: TokenMask | SpectralMask,
  options: { readonly normPix: boolean; readonly dropout?: DropoutStreams },
): Scalar {
  const { patchSize } = model.config;
  return tidy(() => {
    const prediction = model.forward(images, mask, options.dropout);
    if ("keep" in mask) {
      const counted = tensor2d(mask.mask, [mask.batchSize, mask.numTokens]);
      return maskedPatchError(prediction, images, counted, { patchSize, normalize: options.normPix });
    }
    const { batchSize, numTokens, numChannels, masked } = mask;
    const values = patchSize * patchSize;
    const cells = [batchSize, numTokens * numChannels, values];
    const byPixel = reshape(prediction, [batchSize, numTokens, values, numChannels]);
    const target = reshape(patchify(images, patchSize, "channels-first"), cells);
    const counted = tensor2d(Float32Array.from(masked), [batchSize, numTokens * numChannels]);
    return maskedMeanSquaredError(
      reshape(transpose(byPixel, [0, 1, 3, 2]), cells),
      options.normPix ? normalizePatches(target) : target,
      counted,
    );
  });
}
