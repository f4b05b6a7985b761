import { expectation, makeRandom } from "@graticule/core";
import { fairCrps } from "@graticule/ops";
import { add, mul, reshape, type Scalar, type Tensor, tensor, tensor4d, tidy, tile } from "@tensorflow/tfjs-core";
import type { EncodeOptions } from "../channel-vit/channel-encoder.js";
import type { ChannelMask } from "../channel-vit/channel-mask.js";
import type { ChannelVitConfig } from "../channel-vit/config.js";
import type { ForecastWeights } from "./forecast-loss.js";
import type { Forecaster } from "./forecaster.js";

/** How the members of an ensemble come to differ; what is drawn depends on these numbers alone. */
export interface EnsembleOptions {
  /** M, at least 2. */
  readonly members: number;
  readonly seed: number;
  /** Which draw this is: the number of the training epoch, or of the forecast. */
  readonly draw: number;
  /** What tells the draws of B images apart, such as their places in the dataset; their places in the batch unless given. */
  readonly imageKeys?: ArrayLike<number>;
  /**
   * C standard deviations of the noise that is added to the input channels, in their normalized units, drawn afresh for
   * each member and pixel; 0 for a channel that stays. Default: none is added, and the model's own latent noise does it.
   */
  readonly inputNoise?: readonly number[];
}

/** The ensemble's inputs, member after member: images `[M·B, C, H, W]`, and noise for a model that has some. */
export interface EnsembleInputs {
  readonly images: Tensor;
  readonly noise: Tensor | undefined;
}

/**
 * Repeats images for each member and draws what sets the members apart.
 *
 * Shape: images `[B, C, H, W]` → images `[M·B, C, H, W]`, noise `[M·B, noiseDim]`.
 *
 * @throws {RangeError} if there are less than two members, nothing sets them apart, or the standard deviations are not
 * C numbers of at least 0.
 */
export function ensembleInputs(
  model: { readonly config: Pick<ChannelVitConfig, "noiseDim" | "inChannels"> },
  images: Tensor,
  options: EnsembleOptions,
): EnsembleInputs {
  const { members, seed, draw, imageKeys, inputNoise } = options;
  const { noiseDim, inChannels } = model.config;
  const [batch, , height, width] = images.shape as [number, number, number, number];
  if (!(Number.isSafeInteger(members) && members >= 2))
    throw new RangeError(expectation("ensemble", "at least 2 members", `${members}`));
  if (!inputNoise && noiseDim === 0)
    throw new RangeError(expectation("ensemble", "inputNoise, or a model with noiseDim", "neither"));
  if (inputNoise && !(inputNoise.length === inChannels && inputNoise.every((deviation) => deviation >= 0)))
    throw new RangeError(
      expectation("ensemble", `inputNoise of ${inChannels} numbers of at least 0`, `[${inputNoise.join(", ")}]`),
    );
  return tidy(() => {
    /** `[M·B, …]`, each image of each member by a stream of its own, so that it doesn't matter which batch it is in. */
    const normals = (purpose: string, shape: readonly number[]): Tensor => {
      const size = shape.reduce((product, length) => product * length, 1);
      const values = new Float32Array(members * batch * size);
      for (let image = 0; image < members * batch; image++) {
        const key = imageKeys?.[image % batch] ?? image % batch;
        const random = makeRandom(seed, purpose, draw, Math.floor(image / batch), key);
        for (let at = image * size; at < (image + 1) * size; at++) values[at] = random.normal();
      }
      return tensor(values, [members * batch, ...shape]);
    };
    const repeated = tile(images, [members, 1, 1, 1]);
    const deviations = inputNoise && tensor4d([...inputNoise], [1, inChannels, 1, 1]);
    const perturbed = deviations
      ? add(repeated, mul(normals("ensemble-input", [inChannels, height, width]), deviations))
      : repeated;
    const noise = noiseDim > 0 ? normals("ensemble-noise", [noiseDim]) : undefined;
    return { images: perturbed, noise };
  });
}

/**
 * Fair continuous ranked probability score of an ensemble forecast, weighted by latitude and variable. To `dropout` image b
 * of member m is m·B + b.
 *
 * Shape: images `[B, C, H, W]`, targets `[B, V, H, W]` → scalar.
 *
 * @throws {ShapeError} if images, targets and weights don't fit the model.
 * @throws {RangeError} as `ensembleInputs`.
 */
export function ensembleLoss(
  model: Forecaster,
  images: Tensor,
  targets: Tensor,
  options: EnsembleOptions & ForecastWeights & Pick<EncodeOptions, "leadTimeHours" | "channelMask" | "dropout">,
): Scalar {
  const { members, leadTimeHours, channelMask, dropout, latitudeWeights, variableWeights } = options;
  return tidy(() => {
    const inputs = ensembleInputs(model, images, options);
    const forecasts = model.forward(inputs.images, {
      ...(leadTimeHours && { leadTimeHours: repeat(Array.from(leadTimeHours), members) }),
      ...(channelMask && { channelMask: repeatMask(channelMask, members, model.config.inChannels) }),
      ...(inputs.noise && { noise: inputs.noise }),
      ...(dropout && { dropout }),
    });
    const ensemble = reshape(forecasts, [members, ...targets.shape]);
    return fairCrps(ensemble, targets, { latitudeWeights, ...(variableWeights && { variableWeights }) });
  });
}

const repeat = (values: number[], members: number): number[] => Array.from({ length: members }, () => values).flat();

/** One mask for the whole batch serves all members. */
function repeatMask(mask: ChannelMask, members: number, channels: number): ChannelMask {
  if (mask.length === channels) return mask;
  const all = new Uint8Array(mask.length * members);
  for (let member = 0; member < members; member++) all.set(mask, member * mask.length);
  return all;
}
