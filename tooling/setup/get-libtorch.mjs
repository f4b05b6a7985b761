import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { searchLibTorch } from "../../packages/tfjs-backend-torch/scripts/find-libtorch.mjs";
import { stateFolder } from "./project.mjs";
import { lastLines, run } from "./run.mjs";
import { readStamp, writeStamp } from "./stamps.mjs";
import { installDebianPackages } from "./system-packages.mjs";

const VERSION = "2.13.0";
const RETRY_AFTER_MS = 24 * 60 * 60 * 1000;
const venv = join(stateFolder, "venv");

/** What it costs to have no LibTorch, and how to get it: one line. */
export const WITHOUT_LIBTORCH =
  "none: models run on the wasm backend, several times slower, in float32 on the CPU only; to get LibTorch, " +
  "`pip install torch` or `apt-get install libtorch-dev libopenblas0-pthread`, or set LIBTORCH, then `npm run setup -- --retry`";

/**
 * Finds LibTorch or gets it: `$LIBTORCH`, an importable Python torch, a virtual environment of the project, Debian's
 * libtorch-dev. `GRATICULE_SETUP_LIBTORCH` = `venv` or `debian` allows only that way of getting it, `none` allows none
 * and looks nowhere.
 *
 * @param {{ retry: boolean }} options `retry`: try again although it failed within the last day
 * @returns {Promise<{ libtorch: object | null, reasons: string[] }>}
 */
export async function getLibTorch({ retry }) {
  const allowed = process.env.GRATICULE_SETUP_LIBTORCH ?? "any";
  if (allowed === "none") return { libtorch: null, reasons: ["GRATICULE_SETUP_LIBTORCH is none"] };
  const found = searchLibTorch();
  const isDebians = found.libtorch?.source === "debian"; // The oldest and slowest: taken only where pip has no newer one.
  if (process.env.LIBTORCH || (found.libtorch && !isDebians)) return found;

  const failed = readStamp("libtorchFailed");
  if (!retry && failed?.allowed === allowed && Date.now() - failed.time < RETRY_AFTER_MS)
    return { libtorch: found.libtorch, reasons: failed.reasons };
  const reasons = [];
  for (const [name, get] of [
    ["venv", installIntoVenv],
    // OpenBLAS: with the reference BLAS that libtorch-dev is content with, a training step took five times longer.
    ["debian", () => installDebianPackages("libtorch-dev", "libopenblas0-pthread")],
  ]) {
    if (allowed !== "any" && allowed !== name) continue;
    const reason = await get();
    const { libtorch } = searchLibTorch();
    if (libtorch?.source === name) {
      if (reasons.length > 0) writeStamp("libtorchFailed", { allowed, reasons, time: Date.now() });
      return { libtorch, reasons };
    }
    reasons.push(reason ?? `${name} holds no LibTorch after its installation`);
  }
  writeStamp("libtorchFailed", { allowed, reasons, time: Date.now() });
  return { libtorch: found.libtorch, reasons };
}

/** Makes `.graticule/venv` with torch; returns why that failed, and leaves nothing behind then. */
async function installIntoVenv() {
  const made = await run("python3", ["-m", "venv", venv]);
  if (!made.ok) return giveUp("python3 -m venv failed", made.output);
  const pip = join(venv, process.platform === "win32" ? "Scripts" : "bin", "pip");
  let output = "";
  for (const args of await wheelChoices()) {
    const options = { env: { PIP_RETRIES: "1", PIP_DEFAULT_TIMEOUT: "20" }, timeoutSeconds: 1200 };
    const installed = await run(pip, ["install", "--quiet", "--no-compile", "--no-input", ...args], options);
    if (installed.ok) return undefined;
    output = installed.output;
  }
  return giveUp("pip could not install torch", output);
}

/**
 * pip's arguments, best first. The addon needs torch's headers and libraries only, so its Python dependencies stay
 * out; a build for NVIDIA needs the CUDA libraries among them. On x64 Linux the plain version is that build.
 */
async function wheelChoices() {
  if ((await run("nvidia-smi", ["-L"])).ok) return [[`torch==${VERSION}`]];
  const cpu = ["--no-deps", `torch==${VERSION}+cpu`];
  return process.platform === "linux" && process.arch === "x64" ? [cpu] : [cpu, ["--no-deps", `torch==${VERSION}`]];
}

function giveUp(what, output) {
  if (existsSync(venv)) rmSync(venv, { recursive: true, force: true });
  return `${what}: ${lastLines(output, 1).slice(0, 200)}`;
}
