import type { Strategy } from "./strategy.js";

/** Does something on every process; what fails on one fails on all. Returns what each gave. */
export async function together<T>({ gather }: Pick<Strategy, "gather">, run: () => T | Promise<T>): Promise<T[]> {
  let result: T | undefined;
  let failure: Error | undefined;
  try {
    result = await run();
  } catch (error) {
    failure = error as Error;
  }
  const all = await gather({ result: result ?? null, failure: failure?.message ?? null });
  if (failure) throw failure;
  const other = all.findIndex((each) => each.failure !== null);
  if (other >= 0) throw new Error(`${all[other]?.failure} (on process ${other})`);
  return all.map((each) => each.result as T);
}
