import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { formatBytes } from "@graticule/core";
import type { Row } from "./rows.js";

/** Below this much free memory even the base model's training step doesn't fit. */
const LOW_MEMORY_BYTES = 4 * 1024 ** 3;

/** Memory and processor cores. */
export function machineRows(): Row[] {
  const free = freemem();
  const cores = cpus();
  return [
    {
      what: "memory",
      status: free < LOW_MEMORY_BYTES ? "warn" : "ok",
      found: `${formatBytes(totalmem())} total, ${formatBytes(free)} free`,
      ...(free < LOW_MEMORY_BYTES ? { advice: "close other programs, or train the tiny and small models only" } : {}),
    },
    {
      what: "cores",
      status: "ok",
      found: `${availableParallelism()} for this process, ${cores.length} in all (${cores[0]?.model.trim() ?? "unknown"})`,
    },
  ];
}
