/** One line of the doctor's table. */
export interface Row {
  readonly what: string;
  readonly status: "ok" | "warn" | "missing";
  /** What was found, or what is lost without it. */
  readonly found: string;
  /** How to get it, where something is to be got. */
  readonly advice?: string;
}

/** Writes rows as aligned text: name, status, what was found, and how to get what is missing. */
export function formatRows(rows: readonly Row[]): string {
  const nameWidth = Math.max(0, ...rows.map(({ what }) => what.length));
  return rows
    .map(({ what, status, found, advice }) => {
      const line = `${what.padEnd(nameWidth)}  ${status.padEnd(7)}  ${found}`;
      return advice ? `${line}\n${" ".repeat(nameWidth + 11)}→ ${advice}` : line;
    })
    .join("\n");
}
