import type { Side } from "./sides.js";

/** The peers that a benchmark knows, made only when asked for. */
export type Peers = Readonly<Record<string, () => Side>>;

/**
 * The peers that `--peer` asks for: the usual ones where it stands alone, those named `a,b` otherwise.
 *
 * @throws {RangeError} for a name that the benchmark doesn't know.
 */
export function choosePeers(known: Peers, usual: readonly string[], asked: true | string | undefined): Side[] {
  if (asked === undefined) return [];
  const names = asked === true ? usual : asked.split(",");
  return names.map((name) => {
    const make = known[name];
    if (!make) throw new RangeError(`--peer: expected some of ${Object.keys(known).join(", ")}, got ${name}.`);
    return make();
  });
}
