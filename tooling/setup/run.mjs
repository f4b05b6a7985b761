import { spawn } from "node:child_process";
import { projectEnvironment, root } from "./project.mjs";

/**
 * Runs a program to its end and keeps what it printed.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutSeconds?: number }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>} `ok` is false too if the program is missing or ran out of time
 */
export function run(program, args, { cwd = root, env = {}, timeoutSeconds = 600 } = {}) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(program, args, {
      cwd,
      env: { ...projectEnvironment(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    // Not spawn's own `timeout`: its timer outlives a program that can't be started.
    const timer = setTimeout(() => child.kill(), timeoutSeconds * 1000);
    const keep = (data) => {
      output += data;
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ ok: false, output: `${output}${error.message}` });
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const note = signal === null ? "" : `\n${program} was stopped (${signal}) after at most ${timeoutSeconds} s.`;
      resolve({ ok: code === 0, output: `${output}${note}` });
    });
  });
}

/** Runs a program that must succeed; throws an Error that ends in the last lines it printed. */
export async function mustRun(program, args, options) {
  const { ok, output } = await run(program, args, options);
  if (!ok) throw new Error(`'${[program, ...args].join(" ")}' failed.\n${lastLines(output, 30)}`);
  return output;
}

/** The last lines of a program's output, without empty ones. */
export function lastLines(output, count) {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return lines.slice(-count).join("\n");
}
