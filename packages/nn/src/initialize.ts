import { compilePathPattern, makeRandom } from "@graticule/core";
import { isInitializationDeferred } from "./defer-initialization.js";
import type { Initializer } from "./initializers.js";
import type { Module } from "./module.js";

/** Path pattern → initializer; of several patterns that match a parameter the first counts. */
export type InitRules = readonly (readonly [pattern: string, initializer: Initializer])[];

/**
 * Gives every parameter its first values. Each draws from the stream `(seed, "init", path)`, so a parameter's values
 * depend on its path and shape alone, not on the order or number of the others, and a slice's are those of the whole.
 *
 * @throws {RangeError} if a parameter has no rule, or a rule no parameter; nothing is changed then.
 */
export function initialize<M extends Module>(module: M, rules: InitRules, seed: number): M {
  const compiled = rules.map(([pattern, initializer]) => ({
    pattern,
    initializer,
    matches: compilePathPattern(pattern),
  }));
  const unused = new Set(compiled);
  const chosen = module.namedParameters().map(([path, parameter]) => {
    const rule = compiled.find(({ matches }) => matches(path));
    if (!rule)
      throw new RangeError(
        `initialize: expected a rule for every parameter, got none for '${path}'. Add a pattern that matches it.`,
      );
    unused.delete(rule);
    return { path, parameter, rule };
  });
  for (const { pattern } of unused)
    throw new RangeError(
      `initialize: expected each rule to decide a parameter, got '${pattern}' that decides none. Remove it or move it up.`,
    );
  for (const { path, parameter, rule } of chosen) {
    const draw = () => rule.initializer(parameter.globalShape, makeRandom(seed, "init", path));
    if (isInitializationDeferred()) parameter.assignLater(draw);
    else parameter.assign(draw());
  }
  return module;
}
