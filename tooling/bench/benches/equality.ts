import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { farApart } from "../../../packages/parallel/test/fixtures/equality-bounds.js";
import { reportsOfRanks } from "../../../packages/parallel/test/fixtures/rank-reports.js";
import type { TinyName } from "../../../packages/parallel/test/fixtures/tiny-models.js";
import type { MatrixRow, MatrixSettings } from "../../../packages/parallel/test/ranks/equality-matrix.mjs";

export interface EqualityOptions {
  readonly models: readonly string[];
  readonly ranks: readonly number[];
  readonly precision: "fp32" | "bf16";
  readonly drawn: number;
  readonly seed: number;
  readonly json?: boolean;
}

export const equalityModels: TinyName[] = ["mae", "classifier", "forecaster", "channel groups", "hyperspectral"];

/** Prints how far each run on several ranks is from that on one, and returns whether all are as near as they have to be. */
export async function benchEquality({
  models,
  ranks,
  precision,
  drawn,
  seed,
  json,
}: EqualityOptions): Promise<boolean> {
  const names = equalityModels.filter((name) => models.includes(name));
  const parts: Pick<MatrixSettings, "models" | "drawn">[] = names.map((name) => ({ models: [name] }));
  if (drawn > 0) parts.push({ models: [], drawn: [seed, drawn] });
  let isEqual = true;
  for (const part of parts)
    for (const row of await rowsOf({ ...part, ranks, precision })) {
      isEqual &&= !farApart(row);
      process.stdout.write(`${json ? JSON.stringify({ bench: "equality", precision, ...row }) : lineOf(row)}\n`);
    }
  return isEqual;
}

async function rowsOf(settings: Omit<MatrixSettings, "folder">): Promise<MatrixRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "graticule-equality-"));
  try {
    const program = new URL("../../../packages/parallel/test/ranks/equality-matrix.mts", import.meta.url);
    const [rows] = await reportsOfRanks(program, Math.max(...settings.ranks), [
      JSON.stringify({ folder, ...settings }),
    ]);
    return rows as MatrixRow[];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Loss, gradient norm and weights; in bf16 beside what rounding alone does. What is too far is marked. */
function lineOf(row: MatrixRow): string {
  const numbers = ({ loss, gradientNorm, weights }: MatrixRow | NonNullable<MatrixRow["rounding"]>): string =>
    [loss, gradientNorm, weights].map((each) => each.toExponential(1)).join("  ");
  const rounding = row.rounding ? `  rounding ${numbers(row.rounding)}` : "";
  return `${farApart(row) ? "✗" : "✓"} ${row.model}, ${row.layout}: ${numbers(row)}${rounding}`;
}
