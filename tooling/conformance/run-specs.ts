import jasmineRequire, { type FailedExpectation } from "jasmine-core/lib/jasmine-core/jasmine.js";

/** An excluded spec and the feature that the backend can't have; `spec` is the full name that jasmine gives it. */
export interface Exclusion {
  readonly backend: string;
  readonly spec: string;
  readonly reason: string;
}

export interface Failure {
  readonly spec: string;
  readonly message: string;
}

/** What one run counted, as jasmine counts: `specs` includes `pending`, those that tfjs-core itself disables. */
export interface SpecCounts {
  readonly specs: number;
  readonly failures: Failure[];
  readonly excluded: number;
  readonly pending: number;
}

const jasmine = jasmineRequire.core(jasmineRequire);
const env = jasmine.getEnv({ suppressLoadErrors: true });
// The tests of tfjs-core use `describe`, `it`, `jasmine` … as globals, from the moment when they are loaded.
Object.assign(globalThis, jasmineRequire.interface(jasmine, env));

const firstLine = (failed: readonly FailedExpectation[]): string =>
  failed.map(({ message }) => message.split("\n")[0]).join(" | ");

/**
 * Runs the specs that were described, in their order, but the excluded ones.
 *
 * An exclusion that names no spec counts as a failure: it is out of date.
 */
export async function runSpecs(exclusions: readonly Exclusion[]): Promise<SpecCounts> {
  const counts = { specs: 0, pending: 0 };
  const failures: Failure[] = [];
  const stale = new Map(exclusions.map((exclusion) => [exclusion.spec, exclusion]));
  const excludedNames = new Set(stale.keys());
  const note = (spec: string, failed: readonly FailedExpectation[]): void => {
    if (failed.length > 0) failures.push({ spec, message: firstLine(failed) });
  };
  env.configure({ random: false, specFilter: (spec) => !excludedNames.has(spec.getFullName()) });
  env.clearReporters();
  env.addReporter({
    specDone({ fullName, status, failedExpectations }) {
      if (status === "excluded") {
        stale.delete(fullName);
        return;
      }
      counts.specs++;
      if (status === "pending") counts.pending++;
      note(fullName, failedExpectations);
    },
    suiteDone: ({ fullName, failedExpectations }) => note(`${fullName} (set-up or tear-down)`, failedExpectations),
    jasmineDone: ({ failedExpectations }) => note("(outside of any spec)", failedExpectations),
  });
  await env.execute();
  for (const spec of stale.keys()) failures.push({ spec, message: "excluded, but there is no such spec" });
  return { ...counts, failures, excluded: exclusions.length - stale.size };
}
