/** A point on the ray `x + step · direction`. */
export interface RayPoint {
  readonly step: number;
  readonly parameters: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  /** Derivative of the value along the direction. */
  readonly slope: number;
}

/** Sufficient decrease and curvature constants. Source: Nocedal & Wright 2006, §3.1, for quasi-Newton directions. */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
const MAX_EVALUATIONS = 25;

/** Minimizer of the cubic through two values and slopes (Nocedal & Wright 2006, eq. 3.59), kept inside the bracket. */
function cubicStep(a: RayPoint, b: RayPoint): number {
  const low = Math.min(a.step, b.step);
  const width = Math.abs(a.step - b.step);
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.step - b.step);
  const d2 = Math.sign(b.step - a.step) * Math.sqrt(d1 * d1 - a.slope * b.slope);
  const step = b.step - (b.step - a.step) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2));
  const inside = step > low + 0.1 * width && step < low + 0.9 * width;
  return inside ? step : low + 0.5 * width;
}

/**
 * Searches a descent direction for a step that meets the strong Wolfe conditions; without one after 25 evaluations
 * (rounding near the optimum) gives the lowest point that was seen, or `undefined` if none is below the start.
 *
 * Source: Nocedal & Wright 2006, algorithms 3.5 and 3.6.
 */
export async function searchStrongWolfe(
  evaluateAt: (step: number) => Promise<RayPoint>,
  start: RayPoint,
  firstStep: number,
): Promise<RayPoint | undefined> {
  const decreases = (point: RayPoint) => point.value <= start.value + DECREASE * point.step * start.slope;
  let best: RayPoint | undefined;
  let evaluations = 0;
  const visit = async (step: number): Promise<RayPoint> => {
    const point = await evaluateAt(step);
    evaluations += 1;
    if (point.value < (best?.value ?? start.value)) best = point;
    return point;
  };

  let previous = start;
  let current = await visit(firstStep);
  let bracket: { low: RayPoint; high: RayPoint } | undefined;
  while (bracket === undefined) {
    if (!decreases(current) || (evaluations > 1 && current.value >= previous.value))
      bracket = { low: previous, high: current };
    else if (Math.abs(current.slope) <= -CURVATURE * start.slope) return current;
    else if (current.slope >= 0) bracket = { low: current, high: previous };
    else {
      if (evaluations >= MAX_EVALUATIONS) return best;
      previous = current;
      current = await visit(2 * current.step);
    }
  }

  let { low, high } = bracket;
  while (evaluations < MAX_EVALUATIONS) {
    const point = await visit(cubicStep(low, high));
    if (!decreases(point) || point.value >= low.value) high = point;
    else {
      if (Math.abs(point.slope) <= -CURVATURE * start.slope) return point;
      if (point.slope * (high.step - low.step) >= 0) high = low;
      low = point;
    }
  }
  return best;
}
