import { loadavg } from "node:os";
import { medians, rounded, speedRatio } from "./median.js";
import type { Measured } from "./run-json.js";
import type { Side } from "./sides.js";

/** What each side measured in each pair; a peer that can't run is left out, with its reason in `notes`. */
export interface Runs {
  readonly of: ReadonlyMap<string, readonly Measured[]>;
  readonly notes: Readonly<Record<string, string>>;
  /** Of the last minute before the first run: what else the machine was doing. */
  readonly loadAverage: number;
}

/**
 * Runs all sides once, then again, `pairs` times: what slows the machine for a while slows all of them.
 *
 * @throws {Error} if the first side, ours, fails; a peer that fails is not tried again.
 */
export async function runInTurn(sides: readonly Side[], pairs: number): Promise<Runs> {
  const of = new Map<string, Measured[]>();
  const notes: Record<string, string> = {};
  const loadAverage = rounded(loadavg()[0] as number);
  for (let pair = 0; pair < pairs; pair++)
    for (const [index, { name, run }] of sides.entries()) {
      if (name in notes) continue;
      try {
        of.set(name, [...(of.get(name) ?? []), await run()]);
      } catch (error) {
        if (index === 0) throw error;
        of.delete(name);
        notes[name] = reason(error);
      }
    }
  return { of, notes, loadAverage };
}

/** Ours and the peers side by side: medians, and how many times faster ours is by the named time. */
export function compare(runs: Runs, peers: readonly string[], time: string): Record<string, unknown> {
  const ours = runs.of.get("ours") ?? [];
  const measured = peers.map((name) => [name, runs.of.get(name)] as const);
  const present = measured.flatMap(([name, found]) => (found ? [[name, found] as const] : []));
  return {
    loadAverage: runs.loadAverage,
    ours: medians(ours),
    ...(peers.length > 0 && {
      peers: Object.fromEntries(measured.map(([name, found]) => [name, found ? medians(found) : null])),
      ratio: Object.fromEntries(present.map(([name, found]) => [name, speedRatio(ours, found, time)])),
    }),
    ...(Object.keys(runs.notes).length > 0 && { notes: runs.notes }),
  };
}

/** The line of a program's last words that names the error. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const named = text.split("\n").findLast((line) => /^\S*(Error|Exception)\b.*: /.test(line));
  return named ?? text.trim().split("\n").at(-1) ?? "";
}
