import { readFileSync } from "node:fs";
import { type BackendName, openBackend } from "@graticule/train";
import { type CaseErrors, errorsOf } from "./errors-of.js";
import { computeMae } from "./mae-cases.js";
import { type Computed, computeOps } from "./op-cases.js";

/** Run by measure-backend.ts in a process of its own: `measure.ts BACKEND PRECISION` prints the errors as JSON. */
const [backend, precision] = process.argv.slice(2) as [BackendName, "fp32" | "bf16"];
await openBackend({ name: backend, device: "cpu", precision, threads: 1 });

const { origin: _, ...ops } = JSON.parse(readFileSync(new URL("reference.json", import.meta.url), "utf8")) as {
  readonly origin: string;
} & Readonly<Record<string, Computed>>;
const mae = await computeMae();
const errors: Record<string, CaseErrors> = errorsOf({ ...computeOps(), ...mae.computed }, {
  ...ops,
  ...mae.reference,
} as Record<string, Computed>);
process.stdout.write(`${JSON.stringify(errors)}\n`);
