import { hostname } from "node:os";
import type { Strategy } from "../strategy.js";
import { monotonicSeconds } from "./tracer.js";

const ROUNDS = 15;

/**
 * What this rank adds to its clock for that of rank 0. Ranks on one machine read the same clock: 0. Between machines it is
 * the median, over several rounds, of how much later by rank 0's clock both leave a gathering of all ranks, which they do
 * within about a message's time. Collective. Units: seconds.
 */
export async function clockOffset(
  { rank, gather }: Pick<Strategy, "rank" | "gather">,
  now: () => number = monotonicSeconds,
  host: string = hostname(),
): Promise<number> {
  const hosts = await gather(host);
  const left: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await gather(round);
    left.push(now());
  }
  const all = await gather(left);
  if (hosts.every((each) => each === hosts[0])) return 0;
  const [first = []] = all;
  const differences = (all[rank] as number[]).map((time, round) => (first[round] as number) - time);
  differences.sort((a, b) => a - b);
  return hosts[rank] === hosts[0] ? 0 : (differences[ROUNDS >> 1] as number);
}
