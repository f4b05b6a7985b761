import { expectation, type Random } from "@graticule/core";

export interface Sampling {
  /** The likeliest tokens that together have this probability may come; from above 0 to 1. */
  readonly topP: number;
  /** Divides the scores: below 1 the likely become likelier. Default 1. */
  readonly temperature?: number;
  readonly seed: number;
}

/** @throws {RangeError} if topP or temperature is out of range. */
export function checkSampling({ topP, temperature = 1 }: Sampling): void {
  if (!(topP > 0 && topP <= 1)) throw new RangeError(expectation("generate", "topP above 0 to 1", `${topP}`));
  if (!(temperature > 0)) throw new RangeError(expectation("generate", "temperature above 0", `${temperature}`));
}

/** The token of the highest score, the first of equals. */
export function likeliestToken(scores: ArrayLike<number>): number {
  let best = 0;
  for (let token = 1; token < scores.length; token++)
    if ((scores[token] as number) > (scores[best] as number)) best = token;
  return best;
}

/**
 * Draws one of the likeliest tokens, by their probabilities: the fewest that reach `topP`.
 *
 * Source: Holtzman et al. 2020, §3.1, arXiv:1904.09751.
 */
export function drawToken(scores: ArrayLike<number>, { topP, temperature = 1 }: Sampling, random: Random): number {
  const highest = scores[likeliestToken(scores)] as number;
  const weights = Float64Array.from(scores, (score) => Math.exp((score - highest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const order = Array.from(weights, (_, token) => token).sort(
    (a, b) => (weights[b] as number) - (weights[a] as number),
  );
  let kept = 0;
  let nucleus = 0;
  while (kept < order.length && nucleus < topP * total) nucleus += weights[order[kept++] as number] as number;
  let left = random.float() * nucleus;
  for (const token of order.slice(0, kept)) {
    left -= weights[token] as number;
    if (left < 0) return token;
  }
  return order[kept - 1] as number;
}
