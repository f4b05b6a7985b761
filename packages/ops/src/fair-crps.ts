import { expectation, ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";

export interface FairCrpsOptions {
  /** H values, taken as they are: `latitudeWeights` gives those of mean 1. */
  readonly latitudeWeights: readonly number[];
  /** V factors. Default: 1 for each variable. */
  readonly variableWeights?: readonly number[];
}

/**
 * Fair continuous ranked probability score of M members, averaged over samples, variables and pixels with the weights of
 * their rows and variables: mean |x_i − y| − Σ_{i<j} |x_i − x_j| / (M·(M − 1)). It is that of the distribution the
 * members are drawn from, whatever their number, so it rewards no lack of spread.
 *
 * Shape: members `[M, B, V, H, W]`, target `[B, V, H, W]` → scalar.
 * Source: Ferro 2014, eq. 8, doi:10.1002/qj.2270; Zamo and Naveau 2018, doi:10.1007/s11004-017-9709-7.
 *
 * @throws {ShapeError} if the target or the weights don't fit.
 * @throws {RangeError} if there are less than two members.
 */
export function fairCrps(
  members: tf.Tensor,
  target: tf.Tensor,
  { latitudeWeights, variableWeights }: FairCrpsOptions,
): tf.Scalar {
  checkShape("fairCrps", "members", members, ["M", "B", "V", "H", "W"]);
  const [count, , variables, rows] = members.shape as [number, number, number, number, number];
  checkShape("fairCrps", "target", target, members.shape.slice(1));
  if (count < 2) throw new RangeError(expectation("fairCrps", "at least 2 members", `${count}`));
  if (latitudeWeights.length !== rows)
    throw new ShapeError("fairCrps", `${rows} latitude weights`, `${latitudeWeights.length}`);
  const perVariable = variableWeights ?? new Array<number>(variables).fill(1);
  if (perVariable.length !== variables)
    throw new ShapeError("fairCrps", `${variables} variable weights`, `${perVariable.length}`);
  return tf.tidy(() => {
    const each = tf.unstack(members); // M of [B, V, H, W]
    const errors = tf.addN(each.map((member) => tf.abs(tf.sub(member, target))));
    const spreads = each.flatMap((member, i) => each.slice(i + 1).map((other) => tf.abs(tf.sub(member, other))));
    const score = tf.sub(tf.div(errors, count), tf.div(tf.addN(spreads), count * (count - 1)));
    const weights = tf.mul(
      tf.tensor3d([...perVariable], [variables, 1, 1]),
      tf.tensor3d([...latitudeWeights], [1, rows, 1]),
    );
    return tf.mean(tf.mul(score, weights)) as tf.Scalar;
  });
}
