import { spawn } from "node:child_process";

/** What a stage printed as its last line of JSON, or why there is none. */
export type Outcome = { readonly value: Record<string, unknown> } | { readonly error: string };

export interface Stage {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A stage that runs longer is killed. */
  readonly seconds: number;
}

/** Runs one stage to its end or its limit; never throws, so that the stages after it run. */
export function runStage({ name, command, args, env, seconds }: Stage): Promise<Outcome> {
  if (seconds < 1) return Promise.resolve({ error: `${name}: not run, no time was left` });
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...(env ?? process.env), NODE_NO_WARNINGS: "1" },
    });
    let out = "";
    let err = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, seconds * 1000);
    child.stdout.on("data", (data) => {
      out += data;
    });
    child.stderr.on("data", (data) => {
      err += data;
    });
    child.on("error", ({ message }) => {
      clearTimeout(timer);
      resolve({ error: `${name}: ${message}` });
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (late)
        return resolve({
          error: `${name}: stopped at its limit of ${Math.round(seconds)} s. ${tellingLines(err)}`.trim(),
        });
      resolve(
        parseLastLine(name, out) ?? { error: `${name}: ${signal ?? `exit code ${code}`}. ${tellingLines(err || out)}` },
      );
    });
  });
}

/** A stage may fail and still have printed what it found. */
function parseLastLine(name: string, out: string): Outcome | undefined {
  const last = out.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) return undefined;
  try {
    return { value: JSON.parse(last) };
  } catch {
    return { error: `${name}: expected a line of JSON, got ${last.slice(0, 200)}` };
  }
}

/** The lines that name an error, which Node puts first and Python last; without any, the end. */
function tellingLines(text: string): string {
  const named = text.split("\n").filter((line) => /^\S*(Error|error)\b.*: /.test(line.trim()));
  return (named.length > 0 ? named.slice(-3).join(" ") : text.trim()).slice(-600);
}
