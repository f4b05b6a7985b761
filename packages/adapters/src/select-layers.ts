import { expectation, selectPaths } from "@graticule/core";
import { Linear, type Module } from "@graticule/nn";

/** Which linear layers an adapter changes. */
export interface TargetOptions {
  /** Path patterns of linear layers, such as `blocks.*.attn.{qkv,proj}`; `**` for all. */
  readonly targets: readonly string[];
  /** Only in these blocks: the first number of a layer's path. All unless given. */
  readonly layers?: readonly number[];
}

/**
 * The linear layers that patterns select, with their paths.
 *
 * @throws {RangeError} if a pattern matches no linear layer, or no layer is in the given blocks.
 */
export function selectLinears(model: Module, options: TargetOptions): ReadonlyMap<string, Linear> {
  const linears = linearLayers(model);
  const selected = selectTargets([...linears.keys()], options);
  return new Map([...linears].filter(([path]) => selected.has(path)));
}

/**
 * The paths among some that patterns select.
 *
 * @throws {RangeError} if a pattern matches none, or none is in the given blocks.
 */
export function selectTargets(paths: readonly string[], { targets, layers }: TargetOptions): ReadonlySet<string> {
  const selected = new Set(targets.flatMap((pattern) => selectPaths(pattern, paths)));
  const chosen = [...selected].filter((path) => layers === undefined || layers.includes(blockOf(path)));
  if (chosen.length > 0) return new Set(chosen);
  throw new RangeError(
    expectation(
      "adapters",
      "targets that select a linear layer",
      layers ? `none of ${selected.size} in blocks ${layers.join(", ")}` : "no pattern",
      "Name layers such as 'blocks.*.attn.qkv'.",
    ),
  );
}

const blockOf = (path: string): number => Number(/(?:^|\.)(\d+)(?:\.|$)/.exec(path)?.[1]);

/** All linear layers by path. */
export function linearLayers(model: Module): ReadonlyMap<string, Linear> {
  return new Map(model.namedModules().filter((entry): entry is [string, Linear] => entry[1] instanceof Linear));
}
