import { expectation } from "@graticule/core";

export interface LossScalerOptions {
  /** Factor of the first steps' losses. 65,536 unless given. */
  readonly initialScale?: number;
  /** What the factor is multiplied by after `growthInterval` steps without overflow. 2 unless given. */
  readonly growthFactor?: number;
  /** Steps in a row without overflow before it grows. 2000, PyTorch's, unless given. */
  readonly growthInterval?: number;
  /** What the factor is multiplied by after an overflow. 0.5 unless given. */
  readonly backoffFactor?: number;
  /** It doesn't fall below. 1 unless given. */
  readonly minScale?: number;
}

/** What the next steps of a scaler depend on. */
export interface LossScale {
  readonly scale: number;
  /** Steps without overflow since the scale last changed. */
  readonly goodSteps: number;
}

/** Follows the factor that losses are multiplied by so that small gradients survive fp16. */
export interface LossScaler {
  /** Of the next step's loss; its gradients are as many times too large. */
  readonly scale: number;
  /** Whether an overflow can still be met by a smaller factor. */
  readonly canFall: boolean;
  /** Told after each step whether its gradients were finite; one whose gradients were not must not reach the weights. */
  update(areFinite: boolean): void;
  state(): LossScale;
  /** @throws {RangeError} if it is no state of a scaler. */
  load(state: LossScale): void;
}

/**
 * Dynamic loss scaling: the factor halves at each overflow, so that the step is skipped, and doubles after a number of good
 * steps.
 *
 * Source: Micikevicius et al. 2018, §3.2, arXiv:1710.03740; schedule as `torch.amp.GradScaler`'s.
 *
 * @throws {RangeError} if an option is out of range.
 */
export function makeLossScaler({
  initialScale = 2 ** 16,
  growthFactor = 2,
  growthInterval = 2000,
  backoffFactor = 0.5,
  minScale = 1,
}: LossScalerOptions = {}): LossScaler {
  const where = "makeLossScaler";
  const check = (valid: boolean, expected: string, got: number): void => {
    if (!valid) throw new RangeError(expectation(where, expected, `${got}`));
  };
  check(minScale > 0, "a minScale above 0", minScale);
  check(
    initialScale >= minScale && Number.isFinite(initialScale),
    `an initialScale of at least ${minScale}`,
    initialScale,
  );
  check(growthFactor > 1, "a growthFactor above 1", growthFactor);
  check(Number.isInteger(growthInterval) && growthInterval > 0, "a growthInterval of whole steps", growthInterval);
  check(backoffFactor > 0 && backoffFactor < 1, "a backoffFactor between 0 and 1", backoffFactor);
  let [scale, goodSteps] = [initialScale, 0];
  return {
    get scale() {
      return scale;
    },
    get canFall() {
      return scale > minScale;
    },
    update(areFinite) {
      goodSteps = areFinite ? goodSteps + 1 : 0;
      if (!areFinite) scale = Math.max(minScale, scale * backoffFactor);
      // In float32 the factor of a loss has to be finite, too.
      else if (goodSteps === growthInterval) {
        if (Number.isFinite(Math.fround(scale * growthFactor))) scale *= growthFactor;
        goodSteps = 0;
      }
    },
    state: () => ({ scale, goodSteps }),
    load(state) {
      check(state.scale >= minScale && Number.isFinite(state.scale), `a scale of at least ${minScale}`, state.scale);
      check(Number.isInteger(state.goodSteps) && state.goodSteps >= 0, "a whole number of good steps", state.goodSteps);
      ({ scale, goodSteps } = state);
    },
  };
}
