// `npm run tensorflow`: builds tfjs-node's binding against the libraries of the `tensorflow-cpu` wheel, all inside
// `.graticule/`, and runs a tiny MAE's training step on it. `npm run bench` and `npm run numerics` then find it.
// tfjs-node's own installation downloads a prebuilt TensorFlow of another year; this one needs pip, npm and g++ alone.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root, stateFolder } from "../setup/project.mjs";
import { mustRun } from "../setup/run.mjs";
import { NAPI_VERSION, tfjsNodeBinding, tfjsNodeFolder } from "./find-tfjs-node.mjs";

const TFJS_VERSION = "4.22.0";
const venv = join(stateFolder, "tensorflow");
const folder = join(stateFolder, "tfjs-node");

/**
 * Builds what is missing; the second call returns at once.
 *
 * @param {{ log?: (line: string) => void }} options
 * @returns {Promise<string>} the folder of `@tensorflow/tfjs-node`, for `$GRATICULE_TFJS_NODE`
 * @throws {Error} with the last lines of the program that failed
 */
export async function buildTfjsNode({ log = () => {} } = {}) {
  if (existsSync(tfjsNodeBinding)) return tfjsNodeFolder;
  const tensorflow = await installWheel(log);
  await installPackage(log);
  await compile(tensorflow, log);
  return tfjsNodeFolder;
}

/** The wheel holds the C API's headers and libraries; its Python dependencies stay out. */
async function installWheel(log) {
  if (!findPackage()) {
    log("tensorflow: installing the wheel tensorflow-cpu");
    await mustRun("python3", ["-m", "venv", venv]);
    const args = ["install", "--quiet", "--no-compile", "--no-input", "--no-deps", "tensorflow-cpu"];
    await mustRun(join(venv, "bin/pip"), args, { timeoutSeconds: 1200 });
  }
  const found = findPackage();
  if (!found)
    throw new Error(
      `tensorflow: expected libtensorflow_cc.so.2 in ${venv}, got none. Delete the folder and try again.`,
    );
  return found;
}

function findPackage() {
  const lib = join(venv, "lib");
  for (const python of existsSync(lib) ? readdirSync(lib) : []) {
    const tensorflow = join(lib, python, "site-packages/tensorflow");
    if (existsSync(join(tensorflow, "libtensorflow_cc.so.2"))) return tensorflow;
  }
  return undefined;
}

async function installPackage(log) {
  if (existsSync(tfjsNodeFolder)) return;
  log(`tensorflow: installing @tensorflow/tfjs-node ${TFJS_VERSION}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ private: true })}\n`);
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", `@tensorflow/tfjs-node@${TFJS_VERSION}`];
  await mustRun("npm", args, { cwd: folder });
}

async function compile(tensorflow, log) {
  log("tensorflow: compiling the binding");
  // The headers that our own addons are compiled with.
  const requireHeaders = createRequire(join(root, "packages/addon-build/package.json"));
  const folders = [
    join(tfjsNodeFolder, ".."),
    join(tensorflow, "include"),
    requireHeaders("node-api-headers").include_dir,
  ];
  const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(tfjsNodeFolder, "binding", name));
  mkdirSync(join(tfjsNodeBinding, ".."), { recursive: true });
  await mustRun(process.env.CXX ?? "g++", [
    ...["-std=c++17", "-O2", "-fPIC", "-shared", "-w", `-DNAPI_VERSION=${NAPI_VERSION}`],
    ...folders.map((path) => `-isystem${path}`),
    ...sources,
    ...["-o", tfjsNodeBinding, `-L${tensorflow}`, `-Wl,-rpath,${tensorflow}`],
    ...["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"],
  ]);
}

/** Runs every op and a tiny MAE's training step on backend tensorflow, beside PyTorch's numbers. */
async function smokeTest() {
  const { measureBackend, measuredBackends } = await import("../numerics/measure-backend.ts");
  const measured = measuredBackends.find(({ backend }) => backend === "tensorflow");
  const cases = Object.values(await measureBackend(measured));
  const worst = Math.max(...cases.map(({ output, gradient }) => Math.max(output.relative, gradient?.relative ?? 0)));
  if (worst <= measured.tolerance) return `${cases.length} cases agree with PyTorch to ${worst.toExponential(1)}`;
  throw new Error(`tensorflow: expected errors up to ${measured.tolerance}, got ${worst}.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await buildTfjsNode({ log: console.error }));
    console.log(await smokeTest());
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
