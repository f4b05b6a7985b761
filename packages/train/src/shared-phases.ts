/** What one process tells the others of its part of a phase: its result, as JSON has it, or why it failed. */
export interface PhaseNews {
  readonly result: unknown;
  readonly failure: string | null;
}

/** One process's part of a phase, from what all gave in the phase before. */
export type Phase = (before: readonly unknown[]) => Promise<unknown>;

/** Work that several processes do in phases: none begins one before all are through with the one before. */
export interface SharedPhases {
  /** For the others; null while this process is at work. */
  news(): PhaseNews | null;
  /**
   * Goes on if all are through, by what each told in the order of ranks, this one included; true after the last phase.
   *
   * @throws {Error} of the first process that failed, on all.
   */
  take(all: readonly (PhaseNews | null)[]): boolean;
  /** Waits for the last phase; collective. Throws as `take` does. */
  finish(gather: <T>(value: T) => Promise<T[]>): Promise<void>;
}

/** Begins the first phase. */
export function startPhases(phases: readonly Phase[]): SharedPhases {
  let at = 0;
  let own: PhaseNews | null = null;
  let ownError: Error | undefined;
  let working = begin([]);

  async function begin(before: readonly unknown[]): Promise<void> {
    own = null;
    try {
      const result = await phases[at]?.(before);
      own = { result: result ?? null, failure: null };
    } catch (error) {
      ownError = error as Error;
      own = { result: null, failure: ownError.message };
    }
  }

  function take(all: readonly (PhaseNews | null)[]): boolean {
    if (all.includes(null)) return false;
    if (ownError) throw ownError;
    const failed = all.findIndex((each) => each?.failure !== null);
    if (failed >= 0) throw new Error(`${all[failed]?.failure} (on process ${failed})`);
    at += 1;
    if (at === phases.length) return true;
    working = begin(all.map((each) => each?.result));
    return false;
  }

  return {
    news: () => own,
    take,
    async finish(gather) {
      do await working;
      while (!take(await gather(own)));
    },
  };
}
