/**
 * Weights of a first derivative from three points of a circle, exact for 1, sine and cosine of the angle; second order
 * otherwise, on even and uneven steps.
 *
 * Exactness for sine and cosine makes vorticity and divergence exact for solid-body rotation about any axis, where
 * polynomial differences leave an error that grows towards the poles.
 *
 * Units: radians, per radian.
 */
export function derivativeStencil(
  angles: readonly [number, number, number],
  at: number,
): readonly [number, number, number] {
  const [s0, s1, s2] = angles.map((angle) => Math.sin(angle - at)) as [number, number, number];
  // 1 - cos, without its loss of digits.
  const [c0, c1, c2] = angles.map((angle) => 2 * Math.sin((angle - at) / 2) ** 2) as [number, number, number];
  // Sum of weights 0, sum of weight times sine 1, sum of weight times (1 - cosine) 0.
  const determinant = (s1 - s0) * (c2 - c0) - (s2 - s0) * (c1 - c0);
  const w1 = (c2 - c0) / determinant;
  const w2 = -(c1 - c0) / determinant;
  return [-w1 - w2, w1, w2];
}
