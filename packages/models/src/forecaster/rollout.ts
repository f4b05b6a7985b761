import { recompute } from "@graticule/autodiff";
import { expectation, ShapeError } from "@graticule/core";
import type { DropoutStreams } from "@graticule/nn";
import { concat, gather, type Tensor, type Tensor4D, tensor1d, tidy } from "@tensorflow/tfjs-core";
import type { ChannelMask } from "../channel-vit/channel-mask.js";
import type { Forecaster } from "./forecaster.js";

export interface RolloutOptions {
  /** k, how often the model is applied to its own prediction. */
  readonly steps: number;
  /** Units: hours. Lead time of one step. */
  readonly stepHours: number;
  /**
   * The channels that the model reads but does not predict, in their order, at the time that step `step` starts from:
   * `[B, C − V, H, W]`. Asked for from step 1 on. Default: they stay as they are, as masks and orography do.
   */
  readonly forcings?: (step: number) => Tensor;
  readonly channelMask?: ChannelMask;
  /** Noise `[B, noiseDim]` of each step, for a model that has some. */
  readonly noise?: (step: number) => Tensor;
  /** Random streams of each step, for training with dropout; nothing is dropped if absent. */
  readonly dropout?: (step: number) => DropoutStreams;
}

/**
 * Applies a forecaster to its own predictions. Recorded by `backward` it lets gradients through all steps, and keeps
 * one state for each of them: a step's inside is computed again on the way back.
 *
 * Shape: images `[B, C, H, W]` → k of `[B, V, H, W]`, the first after `stepHours`.
 *
 * @throws {RangeError} if `steps` is not a positive whole number.
 * @throws {ShapeError} if the forcings are not the other channels.
 */
export function rollout(model: Forecaster, images: Tensor, options: RolloutOptions): Tensor4D[] {
  const { steps } = options;
  if (!(Number.isSafeInteger(steps) && steps > 0))
    throw new RangeError(expectation("rollout", "steps to be a positive whole number", `${steps}`));
  return tidy(() => {
    const predictions: Tensor4D[] = [];
    let state = images;
    for (let step = 0; step < steps; step++) {
      const prediction = predict(model, state, step, options);
      predictions.push(prediction);
      if (step + 1 < steps) state = nextState(model, state, prediction, options.forcings?.(step + 1));
    }
    return predictions;
  });
}

/**
 * The same steps one by one, for forecasts of any length in the memory of one: a prediction belongs to the caller, who
 * disposes it.
 *
 * @throws {RangeError} and {ShapeError} as `rollout`.
 */
export function* rolloutSteps(model: Forecaster, images: Tensor, options: RolloutOptions): Generator<Tensor4D, void> {
  let state = images.clone();
  try {
    for (let step = 0; step < options.steps; step++) {
      const prediction = predict(model, state, step, options);
      const next = tidy(() => nextState(model, state, prediction, options.forcings?.(step + 1)));
      state.dispose();
      state = next;
      yield prediction;
    }
  } finally {
    state.dispose();
  }
}

function predict(
  model: Forecaster,
  state: Tensor,
  step: number,
  { stepHours, channelMask, noise, dropout }: RolloutOptions,
): Tensor4D {
  const leadTimeHours = new Array<number>(state.shape[0] as number).fill(stepHours);
  const forward = recompute((images: Tensor, ...others: Tensor[]) =>
    model.forward(images, {
      leadTimeHours,
      ...(channelMask && { channelMask }),
      ...(others[0] && { noise: others[0] }),
      ...(dropout && { dropout: dropout(step) }),
    }),
  );
  return tidy(() => forward(state, ...(noise ? [noise(step)] : [])) as Tensor4D);
}

/** The predicted channels and the forcings in the order of the model's channels. */
function nextState(model: Forecaster, state: Tensor, prediction: Tensor4D, forcings: Tensor | undefined): Tensor {
  const { inChannels, targets } = model.config;
  const others = Array.from({ length: inChannels }, (_, channel) => channel).filter((c) => !targets.includes(c));
  if (others.length === 0 && targets.every((channel, index) => channel === index)) return prediction.clone();
  const expected = [state.shape[0], others.length, ...state.shape.slice(2)];
  if (forcings && forcings.shape.join() !== expected.join())
    throw new ShapeError("rollout", `forcings [${expected.join(", ")}]`, `[${forcings.shape.join(", ")}]`);
  const kept = forcings ?? (others.length > 0 ? gather(state, tensor1d(others, "int32"), 1) : undefined);
  const parts = concat([prediction, ...(kept ? [kept as Tensor4D] : [])], 1);
  const order = [...targets, ...others];
  const places = Array.from(order, (_, channel) => order.indexOf(channel));
  return gather(parts, tensor1d(places, "int32"), 1);
}
