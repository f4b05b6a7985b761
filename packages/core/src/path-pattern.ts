/**
 * Compiles a pattern over dotted paths such as `blocks.*.attn.{qkv,proj}.weight`.
 * `*` stands for one segment or a part of it, `**` for any number of segments, `{a,b}` for either.
 *
 * @throws {RangeError} if the pattern is empty or its braces don't match.
 */
export function compilePathPattern(pattern: string): (path: string) => boolean {
  if (pattern === "")
    throw new RangeError("compilePathPattern: expected a pattern, got an empty one. Use '**' for every path.");
  let source = "";
  let depth = 0;
  for (let index = 0; index < pattern.length; index++) {
    const letter = pattern[index] as string;
    if (pattern.startsWith("**.", index)) {
      source += "(?:[^.]+\\.)*";
      index += 2;
    } else if (pattern.startsWith("**", index)) {
      source += ".*";
      index += 1;
    } else if (letter === "*") source += "[^.]*";
    else if (letter === "{") {
      depth += 1;
      source += "(?:";
    } else if (letter === "}") {
      depth -= 1;
      source += ")";
    } else if (letter === "," && depth > 0) source += "|";
    else source += letter.replace(/[.+?^$()|[\]\\]/g, "\\$&");
    if (depth < 0) break;
  }
  if (depth !== 0)
    throw new RangeError(`compilePathPattern: expected matching braces, got '${pattern}'. Close every '{' with '}'.`);
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
}

/**
 * The paths that a pattern matches.
 *
 * @throws {RangeError} if none does: a pattern without a match is always a mistake.
 */
export function selectPaths(pattern: string, paths: Iterable<string>): string[] {
  const matches = compilePathPattern(pattern);
  const all = [...paths];
  const selected = all.filter(matches);
  if (selected.length === 0)
    throw new RangeError(
      `selectPaths: expected '${pattern}' to match at least one of ${all.length} paths, got none. Paths look like '${all[0] ?? ""}'.`,
    );
  return selected;
}
