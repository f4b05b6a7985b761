/** How long a fuzz test goes on. */
export interface FuzzLimit {
  /** For `fc.assert`. */
  readonly parameters: { readonly numRuns: number; readonly interruptAfterTimeLimit?: number };
  /** Whether a round, counted from 0, is still within the limit; the first call starts the clock. */
  goesOn(round: number): boolean;
  readonly timeoutMs: number;
}

const MS_PER_RUN = 1000;

/**
 * `GRATICULE_FUZZ_RUNS` inputs, or as many as `GRATICULE_FUZZ_SECONDS` allow, or `runs` of them.
 *
 * @param share of the seconds that belongs to this test.
 */
export function fuzzLimit(runs: number, share = 1): FuzzLimit {
  const { GRATICULE_FUZZ_RUNS, GRATICULE_FUZZ_SECONDS } = process.env;
  const milliseconds = Number(GRATICULE_FUZZ_SECONDS ?? 0) * 1000 * share;
  const byTime = GRATICULE_FUZZ_RUNS === undefined && milliseconds > 0;
  const numRuns = byTime ? 10 ** 7 : Number(GRATICULE_FUZZ_RUNS ?? runs);
  let end: number | undefined;
  return {
    parameters: { numRuns, ...(byTime && { interruptAfterTimeLimit: milliseconds }) },
    goesOn(round) {
      end ??= byTime ? Date.now() + milliseconds : Infinity;
      return round < numRuns && Date.now() < end;
    },
    timeoutMs: 120_000 + (byTime ? milliseconds : numRuns * MS_PER_RUN),
  };
}
