export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where a library says things; fields are JSON values. Libraries take one as an argument and never print themselves. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Makes a logger that hands finished lines to `write`, e.g. `(line) => process.stderr.write(line + "\n")`. */
export function makeLogger(write: (line: string) => void, minimum: LogLevel = "info"): Logger {
  const at = (level: LogLevel) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(minimum)) return;
    const prefix = level === "info" ? "" : `${level}: `;
    const suffix = fields && Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
    write(`${prefix}${message}${suffix}`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The logger that says nothing: the default of every library function. */
export const silentLogger: Logger = makeLogger(() => {});
