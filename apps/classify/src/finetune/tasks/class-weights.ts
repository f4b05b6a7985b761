import { ConfigError } from "@graticule/core";

/** How much each class counts: all alike, by how rare it is, or by name, others 1. */
export type ClassWeights = "none" | "balanced" | Readonly<Record<string, number>>;

/**
 * A weight for each class.
 *
 * @param setting its path, for messages.
 * @param balanced the weight of a class by its place, where classes are to count by how rare they are.
 * @param items what has a class, for messages.
 * @throws {ConfigError} if a weight is given for no class, or balanced ones are asked for with a class that has none.
 */
export function classWeightsOf(
  setting: string,
  weights: ClassWeights,
  classNames: readonly string[],
  counts: readonly number[],
  balanced: (index: number) => number,
  items: "images" | "pixels" = "images",
): Float32Array {
  if (weights === "none") return new Float32Array(classNames.length).fill(1);
  if (weights === "balanced") {
    const empty = classNames.filter((_, index) => !counts[index]);
    if (empty.length > 0)
      throw new ConfigError(`${setting}: expected ${items} of each class, got none of ${empty.join(", ")}.`);
    return Float32Array.from(classNames, (_, index) => balanced(index));
  }
  const unknown = Object.keys(weights).filter((name) => !classNames.includes(name));
  if (unknown.length > 0)
    throw new ConfigError(`${setting}: expected classes of ${classNames.join(", ")}, got ${unknown.join(", ")}.`);
  return Float32Array.from(classNames, (name) => weights[name] ?? 1);
}

/** items ÷ (classes · items of the class). */
export function balancedByShare(counts: readonly number[]): (index: number) => number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (index) => total / (counts.length * (counts[index] as number));
}
