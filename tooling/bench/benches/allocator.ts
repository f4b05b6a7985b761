import { fileURLToPath } from "node:url";
import { medians } from "../harness/median.js";
import { type Measured, runJson } from "../harness/run-json.js";

export interface AllocatorOptions {
  readonly model: string;
  readonly batch: number;
  readonly steps: number;
  readonly threads: number;
  readonly pairs: number;
}

/** Never map a block by itself, never give the heap's end back: what the malloc of glibc can do at best. */
const TUNED = { MALLOC_MMAP_MAX_: "0", MALLOC_TRIM_THRESHOLD_: String(2 ** 62), MALLOC_TOP_PAD_: String(2 ** 26) };

const ALLOCATORS: Readonly<Record<string, Record<string, string>>> = {
  arena: {},
  glibc: { GRATICULE_TORCH_ALLOCATOR: "malloc" },
  glibcTuned: { GRATICULE_TORCH_ALLOCATOR: "malloc", ...TUNED },
  // Huge pages since glibc 2.35.
  glibcTunedHuge: { GRATICULE_TORCH_ALLOCATOR: "malloc", ...TUNED, GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" },
};

/** Runs 39 MB elementwise ops and MAE steps under the backend's allocator and under glibc's, in turn; medians. */
export async function benchAllocator(options: AllocatorOptions): Promise<Record<string, unknown>> {
  const { model, batch, steps, threads, pairs } = options;
  const script = fileURLToPath(new URL("../ours/allocator.ts", import.meta.url));
  const settings = JSON.stringify({ model, batch, steps, threads });
  const node = ["--conditions=@graticule/source", "--import", "tsx", script, settings];
  const runs: Record<string, Measured[]> = {};
  for (let pair = 0; pair < pairs; pair++) {
    for (const [name, environment] of Object.entries(ALLOCATORS)) {
      runs[name] = [...(runs[name] ?? []), await runJson(process.execPath, node, environment)];
    }
  }
  const results = Object.fromEntries(Object.entries(runs).map(([name, found]) => [name, medians(found)]));
  return { bench: "allocator", model, batch, steps, threads, pairs, ...results };
}
