/** What an ensemble's members say at one point. */
export interface PointEnsemble {
  /** Σ over members of |x − y| / M − Σ over pairs of |x − x'| / 2M². */
  readonly crpsEnsemble: number;
  /** Σ over members of |x − y| / M − Σ over pairs of |x − x'| / 2M(M − 1); NaN with one member. */
  readonly crpsFair: number;
  readonly mean: number;
  /** Unbiased, over M − 1; NaN with one member. */
  readonly variance: number;
  /** Members below the truth, and those equal to it. */
  readonly below: number;
  readonly equal: number;
}

/**
 * Compares the members at one point with the truth. `crpsEnsemble` takes the members as the whole distribution;
 * `crpsFair` estimates without bias what an ensemble of endless size would score, WeatherBench 2's choice.
 *
 * Source: Zamo & Naveau 2018, doi:10.1007/s11004-017-9709-7; Ferro 2014, doi:10.1002/qj.2270.
 *
 * @param sorted members in rising order.
 */
export function pointEnsemble(sorted: Float64Array, truth: number): PointEnsemble {
  const size = sorted.length;
  let [sum, absolute, ranked, below, equal] = [0, 0, 0, 0, 0];
  for (let rank = 0; rank < size; rank++) {
    const member = sorted[rank] as number;
    sum += member;
    absolute += Math.abs(member - truth);
    ranked += (2 * rank + 1 - size) * member; // half of Σ |x − x'| over ordered pairs
    if (member < truth) below += 1;
    else if (member === truth) equal += 1;
  }
  const mean = sum / size;
  let squares = 0;
  for (const member of sorted) squares += (member - mean) ** 2;
  const skill = absolute / size;
  return {
    crpsEnsemble: skill - ranked / (size * size),
    crpsFair: size > 1 ? skill - ranked / (size * (size - 1)) : Number.NaN,
    mean,
    variance: size > 1 ? squares / (size - 1) : Number.NaN,
    below,
    equal,
  };
}
