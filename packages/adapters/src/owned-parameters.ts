import { expectation, selectPaths } from "@graticule/core";
import type { Module } from "@graticule/nn";

/** Parameters of the model itself that an adapter trains; it has values of its own of them. */
export interface OwnedOptions {
  /** Biases that are trained: none, all, or those of the target layers. `none` unless given. */
  readonly bias?: "none" | "all" | "lora_only";
  /** Path patterns of modules that are trained whole, such as a new head. */
  readonly modulesToSave?: readonly string[];
}

/**
 * Paths of the parameters that an adapter owns.
 *
 * @throws {RangeError} if a pattern matches no module.
 */
export function selectOwned(
  model: Module,
  { bias = "none", modulesToSave = [] }: OwnedOptions,
  targets: Iterable<string>,
): string[] {
  const paths = model.namedParameters().map(([path]) => path);
  const saved = selectModules(model, modulesToSave);
  const biases = bias === "lora_only" ? new Set(Array.from(targets, (path) => `${path}.bias`)) : undefined;
  const isBias = (path: string): boolean =>
    bias === "all" ? /(?:^|\.)bias$/.test(path) : (biases?.has(path) ?? false);
  return paths.filter(
    (path) => !path.includes(".adapter.") && (isBias(path) || saved.some((module) => path.startsWith(`${module}.`))),
  );
}

/** @throws {RangeError} if a target lies in a module that is trained whole. */
export function checkTargetsApart(targets: Iterable<string>, owned: readonly string[]): void {
  for (const path of targets)
    if (owned.includes(`${path}.weight`))
      throw new RangeError(
        expectation(
          "adapters",
          "each layer a target or trained whole",
          `'${path}' as both`,
          "Leave it out of one of them.",
        ),
      );
}

/** @throws {RangeError} if a pattern matches no module. */
export function selectModules(model: Module, patterns: readonly string[]): string[] {
  const modules = model.namedModules().map(([path]) => path);
  return patterns.flatMap((pattern) => selectPaths(pattern, modules));
}
