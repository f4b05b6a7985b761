/** What a pattern's wildcards stood for in a name. */
export interface NameMatch {
  /** The texts of `*` and `{a,b}`, in order. */
  readonly captures: readonly string[];
  /** The number at `#`. */
  readonly part: number | undefined;
}

/** A name with wildcards, both ways. */
export interface NamePattern {
  match(name: string): NameMatch | undefined;
  fill(match: NameMatch): string;
}

/**
 * Compiles a pattern of tensor names: `*` stands for a number, `{a,b}` for one of the words, and `#` for the number of a
 * part. What `*` and `{a,b}` stood for in one name fills the pattern on the rule's other side, in order.
 */
export function compileNamePattern(pattern: string): NamePattern {
  const pieces = pattern.split(/(\*|#|\{[^}]*\})/);
  const source = pieces.map((piece, index) => {
    if (index % 2 === 0) return piece.replace(/[.\\+?^$()|[\]]/g, "\\$&");
    return piece.startsWith("{") ? `(${piece.slice(1, -1).replaceAll(",", "|")})` : "(\\d+)";
  });
  const wildcards = pieces.filter((_, index) => index % 2 === 1);
  const expression = new RegExp(`^${source.join("")}$`);
  const place = wildcards.indexOf("#");
  return {
    match(name) {
      const found = expression.exec(name)?.slice(1);
      if (!found) return undefined;
      const captures = found.filter((_, index) => index !== place);
      return { captures, part: place < 0 ? undefined : Number(found[place]) };
    },
    fill({ captures, part }) {
      const rest = [...captures];
      return pieces
        .map((piece, index) => (index % 2 === 0 ? piece : piece === "#" ? String(part) : (rest.shift() as string)))
        .join("");
    },
  };
}
