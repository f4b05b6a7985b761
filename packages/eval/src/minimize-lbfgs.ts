import { type RayPoint, searchStrongWolfe } from "./strong-wolfe.js";

export interface LbfgsOptions {
  /** Most iterations, each one line search. */
  readonly maxIterations?: number;
  /** Stops when no entry of the gradient is larger than this. */
  readonly gradientTolerance?: number;
}

export interface LbfgsResult {
  readonly parameters: Float64Array;
  readonly value: number;
  /** Largest absolute entry of the gradient. */
  readonly gradientNorm: number;
  readonly iterations: number;
}

/** Differentiable function to be minimized. */
export type Objective = (parameters: Float64Array) => Promise<{ value: number; gradient: Float64Array }>;

/** Pairs of steps and gradient changes kept. Source: Nocedal & Wright 2006, §7.2 (3 to 20 serve). */
const HISTORY = 10;

interface CurvaturePair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly inverseProduct: number;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

function largestEntry(vector: Float64Array): number {
  let largest = 0;
  for (const entry of vector) largest = Math.max(largest, Math.abs(entry));
  return largest;
}

/** `target += factor · vector` */
function addScaled(target: Float64Array, factor: number, vector: Float64Array): void {
  for (let index = 0; index < target.length; index++) target[index]! += factor * (vector[index] as number);
}

/** Two-loop recursion: −H·gradient from the kept pairs. Source: Nocedal & Wright 2006, algorithm 7.4. */
function descentDirection(gradient: Float64Array, pairs: readonly CurvaturePair[]): Float64Array {
  const direction = gradient.map((entry) => -entry);
  const newestFirst = [...pairs].reverse();
  const alphas = newestFirst.map(({ step, change, inverseProduct }) => {
    const alpha = inverseProduct * dot(step, direction);
    addScaled(direction, -alpha, change);
    return alpha;
  });
  const newest = newestFirst[0];
  if (newest) {
    const scale = 1 / (newest.inverseProduct * dot(newest.change, newest.change));
    for (let index = 0; index < direction.length; index++) direction[index]! *= scale;
  }
  pairs.forEach(({ step, change, inverseProduct }, index) => {
    const beta = inverseProduct * dot(change, direction);
    addScaled(direction, (alphas[pairs.length - 1 - index] as number) - beta, step);
  });
  return direction;
}

/**
 * Minimizes a smooth function by L-BFGS with a strong-Wolfe line search, in float64.
 *
 * Source: Nocedal & Wright 2006, algorithm 7.5.
 *
 * @throws {RangeError} if the value or gradient at the start is not finite.
 */
export async function minimizeLbfgs(
  objective: Objective,
  start: Float64Array,
  { maxIterations = 300, gradientTolerance = 1e-5 }: LbfgsOptions = {},
): Promise<LbfgsResult> {
  let parameters: Float64Array = start.slice();
  let { value, gradient } = await objective(parameters);
  if (!Number.isFinite(value) || !Number.isFinite(largestEntry(gradient)))
    throw new RangeError(
      `minimizeLbfgs: expected a finite value and gradient at the start, got ${value} and ${largestEntry(gradient)}. Check the inputs of the objective.`,
    );
  let pairs: CurvaturePair[] = [];
  let iterations = 0;
  while (iterations < maxIterations && largestEntry(gradient) > gradientTolerance) {
    let direction = descentDirection(gradient, pairs);
    let slope = dot(gradient, direction);
    if (slope >= 0) {
      pairs = [];
      direction = descentDirection(gradient, pairs);
      slope = dot(gradient, direction);
    }
    const from: RayPoint = { step: 0, parameters, value, gradient, slope };
    const firstStep = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    const found = await searchStrongWolfe(
      async (step) => {
        const at = from.parameters.slice();
        addScaled(at, step, direction);
        const here = await objective(at);
        return { step, parameters: at, ...here, slope: dot(here.gradient, direction) };
      },
      from,
      firstStep,
    );
    iterations += 1;
    if (found === undefined) break; // no lower point: the optimum within float precision
    const step = found.parameters.slice();
    addScaled(step, -1, parameters);
    const change = found.gradient.slice();
    addScaled(change, -1, gradient);
    const product = dot(step, change);
    if (product > Number.EPSILON * dot(change, change))
      pairs = [...pairs.slice(1 - HISTORY), { step, change, inverseProduct: 1 / product }];
    ({ parameters, value, gradient } = found);
  }
  return { parameters, value, gradientNorm: largestEntry(gradient), iterations };
}
