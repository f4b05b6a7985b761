import { expectation } from "@graticule/core";
import { gatherRows, Module } from "@graticule/nn";
import { concat, reshape, type Tensor, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import { CausalLanguageModel } from "./causal-language-model.js";
import type { DecodeOptions } from "./decoder.js";
import type { LatentDecoderConfig } from "./decoder-config.js";
import { Resampler, type ResamplerConfig } from "./resampler.js";
import type { VisionConfig } from "./vision-config.js";
import { VisionTower } from "./vision-tower.js";

/** Shape of a language model that sees images. */
export interface ImageTextConfig {
  readonly decoder: LatentDecoderConfig;
  readonly vision: VisionConfig;
  readonly resampler: ResamplerConfig;
}

/** Where an image, or a slice of one, stands in a text: numQueries tokens from `start` on make room for it. */
export interface ImagePlace {
  readonly row: number;
  readonly start: number;
}

/** Texts of one length, and the images in them. */
export interface ImageTextInputs {
  /** Token numbers; those where an image stands may be any. */
  readonly rows: readonly ArrayLike<number>[];
  /** Of all rows: `[C, H, W]` each, sides divisible by patches, pixels from −1 to 1 for published weights. */
  readonly images?: readonly Tensor[];
  /** One for each image. */
  readonly places?: readonly ImagePlace[];
  /** For each row, which tokens are not padding; all unless given. */
  readonly seen?: DecodeOptions["seen"];
}

/**
 * Vision tower, resampler and language model: an image becomes a few tokens that stand in the text's place for it. Names of
 * the language model and resampler are the published ones; `imageTextWeights` maps a file's.
 *
 * Source: Yao et al. 2024 (MiniCPM-V), §3, arXiv:2408.01800.
 */
export class ImageTextModel extends Module {
  readonly config: ImageTextConfig;
  readonly llm: CausalLanguageModel;
  readonly vpm: VisionTower;
  readonly resampler: Resampler;

  constructor(config: ImageTextConfig) {
    super();
    const { decoder, vision, resampler } = config;
    if (resampler.embedDim !== decoder.embedDim || resampler.visionDim !== vision.embedDim)
      throw new RangeError(
        expectation(
          "ImageTextModel",
          `a resampler from ${vision.embedDim} to ${decoder.embedDim} wide`,
          `${resampler.visionDim} to ${resampler.embedDim}`,
        ),
      );
    this.config = Object.freeze({ ...config });
    this.llm = new CausalLanguageModel(decoder);
    this.vpm = new VisionTower(vision);
    this.resampler = new Resampler(resampler);
  }

  /**
   * Embeddings of texts with images in their places: B rows of N → `[B, N, D]`.
   *
   * @throws {RangeError} if images and places differ in number, or a place doesn't fit its row.
   */
  embed({ rows, images = [], places = [] }: ImageTextInputs): Tensor3D {
    const { numQueries, embedDim } = this.config.resampler;
    const length = rows[0]?.length ?? 0;
    if (images.length !== places.length)
      throw new RangeError(
        expectation("ImageTextModel.embed", `${images.length} places for images`, `${places.length}`),
      );
    for (const { row, start } of places)
      if (!(rows[row] && start >= 0 && start + numQueries <= length))
        throw new RangeError(
          expectation(
            "ImageTextModel.embed",
            `room for ${numQueries} tokens in ${rows.length} rows of ${length}`,
            `row ${row}, token ${start}`,
            "Repeat the token between an image's marks as often.",
          ),
        );
    return tidy(() => {
      const text = this.llm.model.embed(rows);
      if (images.length === 0) return text;
      const tokens = this.resampler.forward(this.vpm.forward(images)); // [I, Q, D]
      const chosen = Int32Array.from({ length: rows.length * length }, (_, index) => index);
      for (const [image, { row, start }] of places.entries())
        for (let query = 0; query < numQueries; query++)
          chosen[row * length + start + query] = rows.length * length + image * numQueries + query;
      const both = concat([reshape(text, [-1, embedDim]), reshape(tokens, [-1, embedDim])], 0);
      return reshape(gatherRows(both, chosen), text.shape);
    });
  }

  /** Normalized states of the language model: B rows of N → `[B, N, D]`. */
  states(inputs: ImageTextInputs, options: Pick<DecodeOptions, "cache"> = {}): Tensor3D {
    const { seen } = inputs;
    return tidy(() => this.llm.model.forwardEmbedded(this.embed(inputs), { ...options, ...(seen && { seen }) }));
  }
}

/** Where images stand: behind each of the tokens that open one, such as those of `<image>` and `<slice>`. */
export function imagePlaces(rows: readonly ArrayLike<number>[], openingTokens: readonly number[]): ImagePlace[] {
  const opening = new Set(openingTokens);
  return rows.flatMap((tokens, row) =>
    Array.from(tokens).flatMap((token, index) => (opening.has(token) ? [{ row, start: index + 1 }] : [])),
  );
}
