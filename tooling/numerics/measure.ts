import { readFileSync } from "node:fs";
import { type BackendName, openBackend } from "@graticule/train";
import { computeErrors } from "./compute-errors.js";

/** Run by measure-backend.ts in a process of its own: `measure.ts BACKEND PRECISION` prints the errors as JSON. */
const [backend, precision] = process.argv.slice(2) as [BackendName, "fp32" | "bf16"];
await openBackend({ name: backend, device: "cpu", precision, threads: 1 });

const reference = readFileSync(new URL("reference.json", import.meta.url), "utf8");
const fixture = readFileSync(
  new URL("../../packages/models/test/fixtures/mae-3-channels.safetensors", import.meta.url),
);
process.stdout.write(`${JSON.stringify(await computeErrors(JSON.parse(reference), fixture))}\n`);
