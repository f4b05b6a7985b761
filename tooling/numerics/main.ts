import type { CaseErrors, NumericError } from "./errors-of.js";
import { type MeasuredBackend, measureBackend, measuredBackends } from "./measure-backend.js";

/** `npm run numerics`: the table of docs/numerics.md, measured on the backends that run here; fails beyond a tolerance. */
const measured: { backend: MeasuredBackend; errors: Record<string, CaseErrors> }[] = [];
for (const backend of measuredBackends)
  try {
    measured.push({ backend, errors: await measureBackend(backend) });
  } catch (error) {
    const said =
      error instanceof Error ? error.message.split("\n").find((line) => /Error: /.test(line)) : String(error);
    process.stderr.write(`${backend.title} was left out: ${said}\n`);
  }

const rows = Object.entries(measured[0]?.errors ?? {}).flatMap(([name, errors]) =>
  (["output", "gradient"] as const)
    .filter((quantity) => errors[quantity])
    .map((quantity) => [
      `${name}: ${quantity}`,
      ...measured.map(({ errors }) => cell(errors[name]?.[quantity] as NumericError)),
    ]),
);
const tolerances = ["tolerance (relative)", ...measured.map(({ backend }) => power(backend.tolerance))];
const head = ["", ...measured.map(({ backend }) => backend.title)];
for (const row of [head, head.map(() => "---"), ...rows, tolerances]) process.stdout.write(`| ${row.join(" | ")} |\n`);

for (const { backend, errors } of measured)
  for (const [name, { output, gradient }] of Object.entries(errors)) {
    const relative = Math.max(output.relative, gradient?.relative ?? 0);
    if (relative <= backend.tolerance) continue;
    process.stderr.write(
      `${name} on ${backend.title}: expected at most ${power(backend.tolerance)}, got ${power(relative)}.\n`,
    );
    process.exitCode = 1;
  }

function cell({ absolute, relative }: NumericError): string {
  return `${power(absolute)} (${power(relative)})`;
}

function power(value: number): string {
  return value.toExponential(1);
}
