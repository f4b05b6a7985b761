import { GraticuleError, type Logger, makeLogger } from "@graticule/core";
import { type Command, InvalidArgumentError, Option } from "commander";

/** What a command says while it works: plain lines on stderr, so that stdout holds results alone. */
export const stderrLogger: Logger = makeLogger((line) => process.stderr.write(`${line}\n`));

/** Collects an option that may be given again. A list option of commander would take the overrides behind it for values. */
export const appendValue = (value: string, values: readonly string[]): string[] => [...values, value];

/** Files with settings. */
export const configOption = (): Option =>
  new Option("-c, --config <file>", "YAML or TypeScript file with settings; give it again for more")
    .argParser(appendValue)
    .default([]);

export const printConfigOption = (): Option => new Option("--print-config", "print the settings and stop");

const NUMBERS = {
  hours: { expected: "hours above 0", fits: (value: number) => value > 0 },
  seconds: { expected: "seconds above 0", fits: (value: number) => value > 0 },
  count: { expected: "a whole number of 1 or more", fits: (value: number) => Number.isSafeInteger(value) && value > 0 },
  share: { expected: "a number of 0 or more", fits: (value: number) => value >= 0 },
  seed: { expected: "a whole number of 0 or more", fits: (value: number) => Number.isSafeInteger(value) && value >= 0 },
} as const;

/**
 * Makes the reader of an option that takes one number.
 *
 * @throws {InvalidArgumentError} for anything else; commander then names the option.
 */
export function numberOption(kind: keyof typeof NUMBERS): (text: string) => number {
  const { expected, fits } = NUMBERS[kind];
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isFinite(value) && fits(value)) return value;
    throw new InvalidArgumentError(`Expected ${expected}.`);
  };
}

/** Makes the reader of an option that takes several numbers, `--lead 24 72`. @throws as `numberOption`. */
export function numbersOption(kind: keyof typeof NUMBERS): (text: string, before?: readonly number[]) => number[] {
  const read = numberOption(kind);
  return (text, before = []) => [...before, read(text)];
}

const UNITS = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 } as const;

/** Reads an option that is a size, as `5GB` or `512MiB`. Units: bytes. @throws as `numberOption`. */
export function sizeOption(text: string): number {
  const [, number, unit = "B"] = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b)?$/i.exec(text.trim()) ?? [];
  const bytes = Number(number) * (UNITS[unit.toUpperCase() as keyof typeof UNITS] ?? Number.NaN);
  if (bytes > 0) return bytes;
  throw new InvalidArgumentError("Expected a size such as 500MB or 5GB.");
}

/** Writes rows under their headings in aligned columns. */
export function formatTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((name, index) => Math.max(name.length, ...rows.map((row) => (row[index] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return [columns, ...rows].map(line).join("\n");
}

/**
 * Runs a command line. An error that a user can act on is one message on stderr and exit code 1; any other one is a bug
 * and shows its stack.
 */
export async function runProgram(program: Command): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    const expected = error instanceof GraticuleError || error instanceof RangeError;
    process.stderr.write(`error: ${expected ? error.message : ((error as Error).stack ?? String(error))}\n`);
    process.exitCode = 1;
  }
}
