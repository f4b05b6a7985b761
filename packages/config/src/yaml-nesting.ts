import { CST, Lexer } from "yaml";

/** Lexemes that yaml's lexer adds to mark a place; they hold no text of the file. */
const MARKERS: ReadonlySet<string> = new Set(["\u0002", "\u0018", "\u001f"]);
const BLOCK_INDICATORS: ReadonlySet<string | null> = new Set(["seq-item-ind", "explicit-key-ind", "map-value-ind"]);

/**
 * How deep a YAML text may nest, never less than it does: open brackets plus open block columns.
 * The parser proper recurses, and V8 ends the process when a pattern is compiled on a stack that is nearly full,
 * so the depth is measured without recursion before parsing.
 */
export function yamlNesting(text: string): number {
  const columns: number[] = [];
  let brackets = 0;
  let deepest = 0;
  let column = 0;
  let mayOpenBlock = true;
  for (const lexeme of new Lexer().lex(text)) {
    if (MARKERS.has(lexeme)) continue;
    const type = CST.tokenType(lexeme);
    if (type !== "space" && type !== "newline" && mayOpenBlock && brackets === 0) {
      while ((columns.at(-1) ?? -1) > column) columns.pop();
      if (columns.at(-1) !== column) columns.push(column);
    }
    if (type === "flow-map-start" || type === "flow-seq-start") brackets += 1;
    if (type === "flow-map-end" || type === "flow-seq-end") brackets = Math.max(0, brackets - 1);
    deepest = Math.max(deepest, brackets + columns.length);
    const endsLine = lexeme.endsWith("\n");
    mayOpenBlock = endsLine || BLOCK_INDICATORS.has(type) || (mayOpenBlock && type === "space");
    column = endsLine ? 0 : column + lexeme.length;
  }
  return deepest;
}
