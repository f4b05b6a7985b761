import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, hostname } from "node:os";
import type { Communicator } from "./communicator.js";
import { detectLauncher } from "./launcher.js";

/** Where a rank runs. */
export interface RankPlacement {
  readonly rank: number;
  /** Among the ranks of its host. */
  readonly localRank: number;
  readonly host: string;
  readonly device: string;
  /** Which of the host's GPUs the environment lets it see; empty for all. */
  readonly visibleGpus: string;
  /** Its share of the processor threads that it may use. */
  readonly threads: number;
  /** The processor threads that it is bound to, e.g. `0-3`; `none` if it may use all. */
  readonly binding: string;
}

/**
 * Tells every rank where all of them run. Collective.
 *
 * @param deviceOf this rank's device, by its place among those of its host
 */
export function gatherPlacements(
  world: Communicator,
  deviceOf: (localRank: number) => string = () => "cpu",
): readonly RankPlacement[] {
  const localRank = detectLauncher()?.localRank ?? 0;
  const { CUDA_VISIBLE_DEVICES, HIP_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES } = process.env;
  const visibleGpus = CUDA_VISIBLE_DEVICES ?? HIP_VISIBLE_DEVICES ?? ROCR_VISIBLE_DEVICES ?? "";
  const own = { host: hostname(), binding: binding(), available: availableParallelism() };
  const all = gatherJson(world, { ...own, localRank, device: deviceOf(localRank), visibleGpus });
  return all.map(({ host, binding, available, localRank, device, visibleGpus }, rank) => {
    const sharers = all.filter((other) => other.host === host && other.binding === binding).length;
    const threads = Math.max(1, Math.floor(available / sharers));
    return { rank, localRank, host, device, visibleGpus, threads, binding };
  });
}

/** Linux tells; elsewhere ranks are not bound. */
function binding(): string {
  const status = "/proc/self/status";
  const list = existsSync(status) && /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync(status, "utf8"))?.[1];
  return list && availableParallelism() < cpus().length ? list : "none";
}

function gatherJson<T>(world: Communicator, value: T): T[] {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const counts = new Int32Array(world.size);
  world.allGather(Int32Array.of(bytes.length), counts);
  const all = new Uint8Array(counts.reduce((sum, count) => sum + count, 0));
  world.allGather(bytes, all, { counts: Array.from(counts) });
  const ends = counts.map((_, rank) => counts.subarray(0, rank + 1).reduce((sum, count) => sum + count, 0));
  const parts = Array.from(ends, (end, rank) => all.subarray(end - (counts[rank] as number), end));
  return parts.map((part) => JSON.parse(new TextDecoder().decode(part)) as T);
}
