import { ShapeError } from "@graticule/core";
import { gatherPatches, linear } from "@graticule/ops";
import { reshape, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface PatchEmbedOptions {
  /** [H, W] in pixels. */
  readonly imageSize: readonly [number, number];
  /** P, pixels. */
  readonly patchSize: number;
  /** C. */
  readonly inChannels: number;
  /** D. */
  readonly embedDim: number;
}

/** Weight and bias of a convolution whose stride is its kernel: timm's `patch_embed.proj`. */
class PatchProjection extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor({ embedDim, inChannels, patchSize }: PatchEmbedOptions) {
    super();
    this.weight = new Parameter([embedDim, inChannels, patchSize, patchSize]);
    this.bias = new Parameter([embedDim]);
  }

  /** `[B, K, C·P·P] → [B, K, D]`. */
  forward(patches: Tensor): Tensor {
    const weight = reshape(this.weight.variable, [this.weight.shape[0] as number, -1]);
    return linear(patches, weight, this.bias.variable);
  }
}

/**
 * Cuts an image into square patches and projects each patch to one token. Cutting and projecting are two steps, so that
 * a masked autoencoder projects only the patches that it keeps.
 *
 * Shape: `[B, C, H, W] → [B, N, D]`, N = (H/P)·(W/P), row-major from the first row.
 * Units: unitless; normalize each channel first.
 * Source: Dosovitskiy et al. 2021, eq. 1, arXiv:2010.11929.
 *
 * @throws {RangeError} at construction, if P does not divide H and W.
 * @throws {ShapeError} if the images are not `[B, inChannels, H, W]`.
 */
export class PatchEmbed extends Module {
  readonly proj: PatchProjection;
  readonly options: PatchEmbedOptions;
  /** [rows, columns] of patches. */
  readonly grid: readonly [number, number];

  constructor(options: PatchEmbedOptions) {
    super();
    const [height, width] = options.imageSize;
    const { patchSize } = options;
    if (height % patchSize !== 0 || width % patchSize !== 0)
      throw new RangeError(
        `PatchEmbed: expected patchSize to divide imageSize [${height}, ${width}], got ${patchSize}. Choose a common divisor.`,
      );
    this.options = options;
    this.grid = [height / patchSize, width / patchSize];
    this.proj = new PatchProjection(options);
  }

  forward(images: Tensor): Tensor {
    return tidy(() => this.project(this.cut(images)));
  }

  /**
   * Cuts all patches, or the K of each image that `keep` names (B·K values): `[B, C, H, W] → [B, N or K, C·P·P]`, each
   * patch in the order of the weight (c, p, q).
   */
  cut(images: Tensor, keep?: Int32Array): Tensor {
    const { imageSize, inChannels, patchSize } = this.options;
    const [, channels, height, width] = images.shape;
    if (images.rank !== 4 || channels !== inChannels || height !== imageSize[0] || width !== imageSize[1])
      throw new ShapeError(
        "PatchEmbed",
        `images [B, ${[inChannels, ...imageSize].join(", ")}]`,
        `[${images.shape.join(", ")}]`,
        "Select the model's channels and resize to its imageSize first.",
      );
    return gatherPatches(images, keep ? { patchSize, keep } : { patchSize });
  }

  /** `[B, K, C·P·P] → [B, K, D]` for any K patches. */
  project(patches: Tensor): Tensor {
    return this.proj.forward(patches);
  }
}
