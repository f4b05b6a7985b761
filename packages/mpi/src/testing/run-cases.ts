import type { Communicator } from "../communicator.js";

/** By title, what every rank does; it throws on the rank where something is wrong. */
export type RankCases = Readonly<Record<string, (world: Communicator) => void | Promise<void>>>;

/** Runs the cases in order on every rank: one start of mpirun for all of them. What went wrong on this rank, by title. */
export async function runCases(world: Communicator, cases: RankCases): Promise<Record<string, string>> {
  const failures: Record<string, string> = {};
  for (const [title, run] of Object.entries(cases)) {
    try {
      await run(world);
    } catch (error) {
      failures[title] = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    world.barrier();
  }
  return failures;
}
