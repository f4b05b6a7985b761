import { expectation, MismatchError } from "@graticule/core";
import { adamW } from "@graticule/ops";
import type * as tf from "@tensorflow/tfjs-core";
import {
  type AdamWState,
  checkState,
  copyMoments,
  disposeMoments,
  firstMomentName,
  makeMoments,
  type Slot,
  secondMomentName,
} from "./adam-w-state.js";
import type { ParameterGroup } from "./named-parameters.js";

export interface AdamWOptions {
  /** Parameters with their decay; see `weightDecayGroups`. Parameters that aren't trainable are passed over. */
  readonly groups: readonly ParameterGroup[];
  /** Decay rates of the two moments. Default `[0.9, 0.999]`; MAE pre-trains with `[0.9, 0.95]`. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
}

export interface AdamW {
  /**
   * Updates the parameter at `path` with its gradient times `gradScale`. Reads the gradient only: dispose it when done.
   *
   * @throws {MismatchError} if there is no such trainable parameter.
   * @throws {RangeError} if the parameter already had its update in this step.
   * @throws {ShapeError} if the gradient has another shape than the parameter.
   */
  apply(path: string, gradient: tf.Tensor, learningRate: number, gradScale?: number): void;
  /** Ends a step: each parameter may be updated again. */
  step(): void;
  /** The state as it is now. The tensors are the optimizer's own: write or copy them before the next update, don't dispose them. */
  stateDict(): AdamWState;
  /**
   * Replaces the state by copies of another's tensors.
   *
   * @throws {MismatchError} naming the first path that is unknown, incomplete or of another shape; the state is then unchanged.
   */
  loadStateDict(state: AdamWState): void;
  /** Frees the moments. */
  dispose(): void;
}

/**
 * Adam with decoupled weight decay. Like PyTorch it counts each parameter's updates by itself, so one that is unfrozen
 * later starts with a right bias correction.
 *
 * Source: Loshchilov and Hutter 2019, algorithm 2, arXiv:1711.05101.
 *
 * @throws {RangeError} if two groups hold the same path, or betas or epsilon are out of range.
 */
export function makeAdamW({ groups, betas = [0.9, 0.999], epsilon = 1e-8 }: AdamWOptions): AdamW {
  const [beta1, beta2] = betas;
  if (!betas.every((beta) => beta >= 0 && beta < 1) || !(epsilon > 0))
    throw new RangeError(
      expectation("makeAdamW", "betas in [0, 1) and epsilon > 0", `betas [${betas.join(", ")}], epsilon ${epsilon}`),
    );
  const slots = makeSlots(groups);
  const updated = new Set<string>();

  return {
    apply(path, gradient, learningRate, gradScale = 1) {
      const slot = findSlot(slots, path);
      if (updated.has(path))
        throw new RangeError(
          expectation("adamW.apply", `one update of ${path} in a step`, "a second one", "Call step() between steps."),
        );
      slot.parameter.stateStorage?.beforeUpdate();
      slot.moments ??= makeMoments(slot.parameter);
      const [first, second] = slot.moments;
      adamW(slot.parameter.variable, gradient, first, second, {
        learningRate: learningRate * slot.learningRateScale,
        beta1,
        beta2,
        epsilon,
        weightDecay: slot.weightDecay,
        step: slot.updates + 1,
        gradScale,
      });
      slot.updates += 1;
      updated.add(path);
    },
    step() {
      updated.clear();
    },
    stateDict() {
      const tensors = new Map<string, tf.Tensor>();
      const updates: Record<string, number> = {};
      for (const [path, slot] of slots) {
        if (!slot.moments) continue;
        tensors.set(firstMomentName(path), slot.moments[0]);
        tensors.set(secondMomentName(path), slot.moments[1]);
        updates[path] = slot.updates;
      }
      return { tensors, updates };
    },
    loadStateDict(state) {
      checkState(slots, state);
      for (const [path, slot] of slots) {
        const moments = copyMoments(path, slot.parameter, state);
        disposeMoments(slot);
        slot.moments = moments;
        slot.updates = state.updates[path] ?? 0;
      }
      updated.clear();
    },
    dispose() {
      for (const slot of slots.values()) disposeMoments(slot);
    },
  };
}

function makeSlots(groups: readonly ParameterGroup[]): Map<string, Slot> {
  const slots = new Map<string, Slot>();
  for (const { parameters, weightDecay, learningRateScale = 1 } of groups)
    for (const [path, parameter] of parameters) {
      if (!parameter.trainable) continue;
      if (slots.has(path))
        throw new RangeError(expectation("makeAdamW", "each parameter in one group", `${path} in two`));
      slots.set(path, { parameter, weightDecay, learningRateScale, moments: undefined, updates: 0 });
    }
  return slots;
}

function findSlot(slots: ReadonlyMap<string, Slot>, path: string): Slot {
  const slot = slots.get(path);
  if (!slot)
    throw new MismatchError(
      "adamW.apply",
      `the path of one of ${slots.size} trainable parameters`,
      path,
      "Put the parameter in a group.",
    );
  return slot;
}
