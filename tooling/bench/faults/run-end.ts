import { listCheckpoints, loadCheckpoint, verifyCheckpoint } from "@graticule/train";
import { makeSmallModel } from "./small-model.js";

/** What a run left. */
export interface RunEnd {
  readonly step: number;
  /** SHA-256 of each file of the last checkpoint, by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Needs a tfjs backend. @throws {FormatError} if the newest checkpoint is not whole. */
export async function readEnd(runFolder: string): Promise<RunEnd> {
  const [newest] = await listCheckpoints(runFolder);
  const { state } = await verifyCheckpoint(newest?.path ?? runFolder);
  const model = makeSmallModel();
  await loadCheckpoint(newest?.path ?? runFolder, { model });
  const weights = new Map(
    model.namedParameters().map(([path, { variable }]) => [path, Float32Array.from(variable.dataSync())]),
  );
  model.dispose();
  const files = Object.entries(state.files).map(([name, { sha256 }]) => [name, sha256]);
  return { step: state.step, files: Object.fromEntries(files), weights };
}

/** Largest difference of any weight, relative to the largest of its parameter. */
export function weightDifference(a: RunEnd, b: RunEnd): number {
  let worst = 0;
  for (const [path, values] of a.weights) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
    const others = b.weights.get(path) as Float32Array;
    for (const [at, value] of values.entries())
      worst = Math.max(worst, Math.abs(value - (others[at] as number)) / largest);
  }
  return worst;
}
