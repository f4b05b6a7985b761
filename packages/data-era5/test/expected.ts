import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { GriddedDataset, GriddedVariable } from "../src/gridded-dataset.js";

/** What the Python libraries found in a variable; `dims` is null where the format has no names. */
interface Summary {
  readonly dims: readonly string[] | null;
  readonly shape: readonly number[];
  readonly count: number;
  readonly sum: number;
  readonly weighted: number;
}

export type Expected = Readonly<Record<string, Readonly<Record<string, Summary>>>>;

export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

export function readExpected(name: string): Expected {
  return JSON.parse(readFileSync(fixturePath(`${name}.json`), "utf8"));
}

/** Reads every variable whole and compares it with what the Python libraries found. */
export async function expectSameValues(dataset: GriddedDataset, expected: Expected[string]): Promise<void> {
  for (const [name, summary] of Object.entries(expected)) {
    const { dims, shape, data } = await (dataset.variables.get(name) as GriddedVariable).read();
    let [count, sum, weighted, size] = [0, 0, 0, 0];
    data.forEach((value, index) => {
      if (!Number.isFinite(value)) return;
      count += 1;
      sum += value;
      weighted += value * Math.cos(index);
      size += Math.abs(value);
    });
    expect({ name, shape, count }).toEqual({ name, shape: summary.shape, count: summary.count });
    if (summary.dims !== null) expect([name, ...dims]).toEqual([name, ...summary.dims]);
    // Packed values are float32 here and may be float64 there: each differs by at most 6e-8 of itself.
    const tolerance = 2e-7 * size + 1e-12;
    expect(Math.abs(sum - summary.sum), `${name}: sum`).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(weighted - summary.weighted), `${name}: weighted sum`).toBeLessThanOrEqual(tolerance);
  }
}
