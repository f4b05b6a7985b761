import { makeRandom } from "@graticule/core";
import type { LabelledFeatures } from "../src/index.js";

/** Gaussian clusters, one a class, whose centres are the same for every `part`. */
export function makeClusters(
  part: string,
  numItems: number,
  numFeatures: number,
  numClasses: number,
  spread: number,
): LabelledFeatures {
  const centers = makeRandom(5, "centers");
  const center = Float32Array.from({ length: numClasses * numFeatures }, () => centers.normal());
  const noise = makeRandom(5, part);
  const labels = Int32Array.from({ length: numItems }, (_, item) => item % numClasses);
  const values = new Float32Array(numItems * numFeatures);
  labels.forEach((label, item) => {
    for (let feature = 0; feature < numFeatures; feature++)
      values[item * numFeatures + feature] =
        (center[label * numFeatures + feature] as number) + spread * noise.normal() + 3 * feature;
  });
  return { values, labels, numClasses };
}
