import { spawn } from "node:child_process";
import { tfjsNodeEnvironment } from "../../tensorflow/find-tfjs-node.mjs";

/** Numbers under names, or groups of them. */
export interface Measured {
  readonly [name: string]: number | Measured;
}

/** Both sides' threads wait as OpenMP has it by default, which is PyTorch's way: ours would sleep sooner. */
function sameWaiting(): Readonly<Record<string, string>> {
  return process.env.OMP_WAIT_POLICY ? {} : { GOMP_SPINCOUNT: "300000" };
}

/**
 * Runs a command and reads the JSON on its last line of output.
 *
 * @throws {Error} with the command's own words if it fails.
 */
export function runJson(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const env = { ...sameWaiting(), ...process.env, ...tfjsNodeEnvironment(), ...environment };
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) return reject(new Error(`${command} ${args[0]}: exit code ${code}. ${err.trim().slice(-2000)}`));
      resolve(JSON.parse(out.trim().split("\n").at(-1) as string));
    });
  });
}
