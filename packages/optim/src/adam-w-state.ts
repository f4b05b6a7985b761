import { MismatchError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import type { OptimizedParameter } from "./named-parameters.js";

/** What a checkpoint keeps of AdamW. Parameters that had no update yet have no entry. */
export interface AdamWState {
  /** `PATH.exp_avg` and `PATH.exp_avg_sq`, PyTorch's names for the first and second moment. */
  readonly tensors: ReadonlyMap<string, tf.Tensor>;
  /** Number of updates by parameter path. */
  readonly updates: Readonly<Record<string, number>>;
}

type Moments = readonly [first: tf.Variable, second: tf.Variable];

/** A parameter and what the optimizer knows about it. */
export interface Slot {
  readonly parameter: OptimizedParameter;
  readonly weightDecay: number;
  readonly learningRateScale: number;
  /** Made as zeros by the first update. */
  moments: Moments | undefined;
  updates: number;
}

export const firstMomentName = (path: string): string => `${path}.exp_avg`;
export const secondMomentName = (path: string): string => `${path}.exp_avg_sq`;

export function makeMoments({ shape, stateStorage }: OptimizedParameter): Moments {
  if (stateStorage) return stateStorage.makeMoments();
  const zeros = (): tf.Variable => tf.tidy(() => tf.variable(tf.zeros([...shape]), false));
  return [zeros(), zeros()];
}

export function disposeMoments(slot: Slot): void {
  for (const moment of slot.moments ?? []) moment.dispose();
  slot.moments = undefined;
}

/** New moments with the values of the state, in storage of their own: an update in place must not reach the state. */
export function copyMoments(
  path: string,
  { stateStorage }: OptimizedParameter,
  { tensors, updates }: AdamWState,
): Moments | undefined {
  if (updates[path] === undefined) return undefined;
  const [first, second] = [firstMomentName, secondMomentName].map((name) => tensors.get(name(path)) as tf.Tensor) as [
    tf.Tensor,
    tf.Tensor,
  ];
  if (stateStorage) return stateStorage.makeMoments([first, second]);
  const copy = (moment: tf.Tensor): tf.Variable => tf.tidy(() => tf.variable(tf.mul(moment, 1), false));
  return [copy(first), copy(second)];
}

/** @throws {MismatchError} naming the first path that is unknown, incomplete or of another shape. */
export function checkState(slots: ReadonlyMap<string, Slot>, { tensors, updates }: AdamWState): void {
  const where = "adamW.loadStateDict";
  const known = new Set<string>();
  for (const [path, count] of Object.entries(updates)) {
    const slot = slots.get(path);
    if (!slot)
      throw new MismatchError(where, "the optimizer's parameters", path, "Use the same groups as when saving.");
    if (!(Number.isSafeInteger(count) && count > 0))
      throw new MismatchError(where, `a positive number of updates of ${path}`, `${count}`);
    for (const name of [firstMomentName(path), secondMomentName(path)]) {
      const shape = tensors.get(name)?.shape;
      if (!shape || !tf.util.arraysEqual(shape, [...slot.parameter.shape]))
        throw new MismatchError(where, `${name} of shape [${slot.parameter.shape}]`, shape ? `[${shape}]` : "none");
      known.add(name);
    }
  }
  for (const name of tensors.keys())
    if (!known.has(name)) throw new MismatchError(where, "moments of parameters with updates", name);
}
