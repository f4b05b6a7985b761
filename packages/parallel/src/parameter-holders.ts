import type { Module } from "@graticule/nn";
import { gatherValuesSync } from "./gather-values.js";
import type { Mesh } from "./mesh.js";

/** Who holds what of a model that is divided along `tp`: slices of layers, or groups of channels. */
export interface ParameterHolders {
  /** Paths of all ranks' parameters, in the same order on each. */
  readonly paths: readonly string[];
  /** Whether this rank speaks for its values: it has a slice of its own, or is the first that holds them. */
  isFirst(path: string): boolean;
  /** Those that some ranks along `tp` do not have, and this rank has. */
  readonly exclusive: ReadonlySet<string>;
  /** Those that only other ranks have. */
  readonly foreign: ReadonlySet<string>;
}

/** Asks the ranks along `tp` for their parameters. Collective. */
export function findHolders(model: Module, mesh: Mesh): ParameterHolders {
  const tp = mesh.axis("tp");
  const own = new Map(model.namedParameters());
  const lists = gatherValuesSync([...own.keys()], tp);
  const holders = new Map<string, number[]>();
  for (const [rank, list] of lists.entries())
    for (const path of list) holders.set(path, [...(holders.get(path) ?? []), rank]);
  const isFirstReplica = mesh.axis("dp").rank === 0;
  return {
    paths: [...holders.keys()],
    isFirst: (path) =>
      isFirstReplica && own.has(path) && (own.get(path)?.slice !== undefined || holders.get(path)?.[0] === tp.rank),
    exclusive: new Set([...own.keys()].filter((path) => (holders.get(path)?.length ?? 0) < tp.size)),
    foreign: new Set([...holders.keys()].filter((path) => !own.has(path))),
  };
}
