import { existsSync, readFileSync } from "node:fs";

const HEAP_ROOM_BYTES = 1 << 20;

/** Makes UCX, the transport under MPICH and newer Open MPIs, leave Node alone. Call it before MPI's library is loaded. */
export function prepareUcx(): void {
  // It would take SIGSEGV from V8, whose WebAssembly then dies where it should trap.
  process.env.UCX_ERROR_SIGNALS ??= "";
  const maps = "/proc/self/maps";
  if (existsSync(maps) && !canHeapGrow(readFileSync(maps, "utf8"))) process.env.UCX_MEM_EVENTS ??= "no";
}

/**
 * Whether there is room behind the heap. While it is loaded, UCX 1.13 tries its hooks by growing the heap by a page and
 * shrinking it again: where V8's code lies just behind the heap, the growing fails and the shrinking takes a page in use.
 *
 * @param maps the text of `/proc/self/maps`
 */
export function canHeapGrow(maps: string): boolean {
  const regions = maps.split("\n").map((line) => /^([0-9a-f]+)-([0-9a-f]+) .*?(\[heap\])?$/.exec(line));
  const heap = regions.findLastIndex((region) => region?.[3] !== undefined);
  const [end, next] = [regions[heap]?.[2], regions[heap + 1]?.[1]];
  return (
    heap < 0 || end === undefined || next === undefined || Number(`0x${next}`) - Number(`0x${end}`) >= HEAP_ROOM_BYTES
  );
}
