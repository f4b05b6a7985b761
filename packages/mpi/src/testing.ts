/**
 * What every communicator must do, to be run on every rank, and a way to start ranks:
 *
 * ```ts
 * import { openMpi } from "@graticule/mpi";
 * import { runCommunicatorCases } from "@graticule/mpi/testing";
 *
 * const failures = await runCommunicatorCases(openMpi({ timeoutSeconds: 60 }));
 * ```
 */
import type { Communicator } from "./communicator.js";
import { collectiveCases } from "./testing/collective-cases.js";
import type { CommunicatorCase } from "./testing/communicator-case.js";
import { groupCases } from "./testing/group-cases.js";
import { messageCases } from "./testing/message-cases.js";
import { runCases } from "./testing/run-cases.js";

export { type RankCases, runCases } from "./testing/run-cases.js";
export { type RanksResult, type RunRanksOptions, runRanks } from "./testing/run-ranks.js";
export type { CommunicatorCase };

export const communicatorCases: readonly CommunicatorCase[] = [...groupCases, ...collectiveCases, ...messageCases];

/** Runs the cases in order; what went wrong on this rank, by title. */
export function runCommunicatorCases(world: Communicator): Promise<Record<string, string>> {
  return runCases(world, Object.fromEntries(communicatorCases.map(({ title, run }) => [title, run])));
}
