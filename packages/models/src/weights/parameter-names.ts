import { compileNamePattern } from "./name-pattern.js";
import { groupNames, patternsOf, type WeightFamily, type WeightRule } from "./weight-rule.js";

/**
 * The names that a family gives to parameters of ours, each with what it is: a whole one, or one of the parts that the rows of
 * ours are, such as the queries of a fused layer. For `loadAdapter` and `encodeAdapter` of `@graticule/adapters`.
 *
 * @param paths of the parameters of a model; those that the family has no name for are left out.
 * @param variant of the family's namings.
 */
export function parameterNames(
  { variants }: WeightFamily,
  paths: Iterable<string>,
  variant = 0,
): Map<string, { readonly path: string; readonly part: number; readonly parts: number }> {
  const rules = variants[variant] as readonly WeightRule[];
  const names = new Map<string, { path: string; part: number; parts: number }>();
  for (const { rule, captures, sources } of groupNames(paths, rules, "ours").groups) {
    const patterns = patternsOf(rule, "theirs");
    if (sources.length !== 1 || (rule.dim ?? 0) !== 0 || patterns.some((pattern) => pattern.includes("#"))) continue;
    for (const [part, pattern] of patterns.entries())
      names.set(compileNamePattern(pattern).fill({ captures, part }), {
        path: sources[0] as string,
        part,
        parts: patterns.length,
      });
  }
  return names;
}
