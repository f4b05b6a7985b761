import { type CaseErrors, errorsOf } from "./errors-of.js";
import { computeMae } from "./mae-cases.js";
import { type Computed, computeOps } from "./op-cases.js";

/** reference.json: what PyTorch computed in float64, by case. */
export type Reference = { readonly origin: string } & { readonly [name: string]: Computed };

/** Runs all cases on the active backend, in Node or in a browser; `fixture` is a safetensors file of a tiny MAE. */
export async function computeErrors(reference: Reference, fixture: Uint8Array): Promise<Record<string, CaseErrors>> {
  const ops = await computeOps();
  const mae = await computeMae(fixture);
  return errorsOf({ ...ops, ...mae.computed }, { ...reference, ...mae.reference });
}
