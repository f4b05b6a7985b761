import { ShapeError } from "@graticule/core";
import { gatherRows, LayerNorm, Module, Parameter, PatchEmbed, TransformerBlock } from "@graticule/nn";
import { gatherPatches } from "@graticule/ops";
import { add, concat, expandDims, pad, reshape, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { checkVisionConfig, type VisionConfig } from "./vision-config.js";
import { type PatchGrid, visionPositions } from "./vision-positions.js";

/** Tokens of several images, padded to the longest. */
export interface VisionTokens {
  /** `[B, N, D]`; what follows an image's own tokens means nothing. */
  readonly tokens: Tensor;
  /** Of each image, in order; rows·columns tokens are its own. */
  readonly grids: readonly PatchGrid[];
}

/**
 * SigLIP's vision transformer without class token and pooling, for images of different sizes in one batch: learned
 * positions by fractional place, padding that no token sees, GELU in its tanh form. Names are timm's; `siglipVision` maps
 * the published ones.
 *
 * Shape: B images `[C, H, W]`, sides divisible by P → `[B, N, D]`, N that of the image with most patches.
 * Units: unitless; the published weights take pixels from −1 to 1.
 * Source: Zhai et al. 2023 (SigLIP), arXiv:2303.15343; Dehghani et al. 2023 (NaViT), arXiv:2307.06304.
 *
 * @throws {ShapeError} if an image is not `[inChannels, H, W]`, or P doesn't divide its sides.
 */
export class VisionTower extends Module {
  readonly config: VisionConfig;
  readonly patchEmbed: PatchEmbed;
  readonly posEmbed: Parameter;
  readonly blocks: TransformerBlock[];
  readonly norm: LayerNorm;

  constructor(config: VisionConfig) {
    super();
    this.config = checkVisionConfig(config);
    const { imageSide, patchSize, embedDim, depth, normEpsilon } = config;
    this.patchEmbed = new PatchEmbed({ ...config, imageSize: [imageSide, imageSide] });
    this.posEmbed = new Parameter([1, (imageSide / patchSize) ** 2, embedDim]);
    this.blocks = Array.from({ length: depth }, () => new TransformerBlock({ ...config, activation: "gelu-tanh" }));
    this.norm = new LayerNorm(embedDim, normEpsilon);
  }

  forward(images: readonly Tensor[]): VisionTokens {
    const grids = images.map((image) => this.#gridOf(image));
    const tokens = tidy(() => {
      const length = Math.max(...grids.map(([rows, columns]) => rows * columns));
      let x = add(this.#project(images, length), this.#positions(grids, length));
      const mask = ownTokens(grids, length);
      for (const block of this.blocks) x = block.forward(x, undefined, mask);
      return this.norm.forward(x);
    });
    return { tokens, grids };
  }

  #gridOf(image: Tensor): PatchGrid {
    const { inChannels, patchSize } = this.config;
    const [channels, height = 0, width = 0] = image.shape;
    if (image.rank !== 3 || channels !== inChannels || height % patchSize !== 0 || width % patchSize !== 0)
      throw new ShapeError(
        "VisionTower",
        `images [${inChannels}, H, W] of sides divisible by ${patchSize}`,
        `[${image.shape.join(", ")}]`,
        "Resize it by sliceSizes first.",
      );
    return [height / patchSize, width / patchSize];
  }

  /** Projected patches, those of padding too: `[B, N, D]`. */
  #project(images: readonly Tensor[], length: number): Tensor {
    const { patchSize } = this.config;
    const patches = images.map((image) => {
      const own = gatherPatches(expandDims(image, 0), { patchSize }); // [1, n, C·P·P]
      return pad(own, [
        [0, 0],
        [0, length - (own.shape[1] as number)],
        [0, 0],
      ]);
    });
    return this.patchEmbed.project(concat(patches, 0));
  }

  #positions(grids: readonly PatchGrid[], length: number): Tensor {
    const { imageSide, patchSize, embedDim } = this.config;
    const picked = new Int32Array(grids.length * length);
    for (const [index, grid] of grids.entries())
      picked.set(visionPositions(grid, imageSide / patchSize), index * length);
    const table = reshape(this.posEmbed.variable, [-1, embedDim]);
    return reshape(gatherRows(table, picked), [grids.length, length, embedDim]);
  }
}

/** Which of `length` tokens are an image's own, bool `[B, N]`; undefined if all are. */
export function ownTokens(grids: readonly PatchGrid[], length: number): Tensor | undefined {
  if (grids.every(([rows, columns]) => rows * columns === length)) return undefined;
  const values = new Uint8Array(grids.length * length);
  for (const [index, [rows, columns]] of grids.entries())
    values.fill(1, index * length, index * length + rows * columns);
  return tensor(values, [grids.length, length], "bool");
}
