import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { buildMpiAddons } from "../../packages/mpi/scripts/build-addon.mjs";
import { buildAddon } from "../../packages/tfjs-backend-torch/scripts/build-addon.mjs";
import { workspaceFolders } from "./install-packages.mjs";
import { root } from "./project.mjs";
import { lastLines, mustRun, run } from "./run.mjs";
import { hashFiles, readStamp, writeStamp } from "./stamps.mjs";
import { installDebianPackages } from "./system-packages.mjs";

const COMPILERS = ["g++", "clang++"];

/** Finds a C++ compiler, or installs g++ where Debian packages can be; undefined if neither works. */
export async function getCompiler() {
  const names = process.env.CXX ? [process.env.CXX] : COMPILERS;
  const find = async () => {
    for (const name of names) {
      const { ok, output } = await run(name, ["--version"]);
      if (ok) return output.split("\n")[0];
    }
    return undefined;
  };
  const found = await find();
  if (found || process.env.CXX) return found;
  await installDebianPackages("g++");
  return find();
}

/** Compiles the torch addon and loads it once; a failure costs the torch backend, not the set-up. */
export async function buildTorchAddon() {
  try {
    const { path, rebuilt, libtorch } = await buildAddon();
    if (rebuilt) {
      const loaded = await run(process.execPath, ["-e", "require(process.argv[1])", path]);
      if (!loaded.ok) return { warning: `built, but it does not load: ${errorLine(loaded.output)}; using wasm` };
    }
    return `${rebuilt ? "built against" : "up to date with"} LibTorch ${libtorch.version}`;
  } catch (error) {
    return { warning: `${error.message}\n  Models run on the wasm backend, several times slower, until this builds.` };
  }
}

/** UCX, under MPICH, may take a page of Node's heap while it is loaded; `@graticule/mpi` looks before it says so to UCX. */
const UCX_ENVIRONMENT = { UCX_MEM_EVENTS: "no", UCX_ERROR_SIGNALS: "" };

/** Compiles the MPI addon for each MPI and loads it once; a failure costs runs on several ranks, not the set-up. */
export async function buildMpi() {
  try {
    const built = await buildMpiAddons();
    for (const { path, rebuilt } of built) {
      const load = () => run(process.execPath, ["-e", "require(process.argv[1])", path], { env: UCX_ENVIRONMENT });
      const loaded = rebuilt ? await load() : { ok: true };
      if (!loaded.ok) return { warning: `built, but it does not load: ${errorLine(loaded.output)}; one rank only` };
    }
    const names = built.map(({ mpi }) => `${mpi.implementation} ${mpi.version}`).join(" and ");
    return `${built.some(({ rebuilt }) => rebuilt) ? "built against" : "up to date with"} ${names}`;
  } catch (error) {
    return { warning: `${error.message}\n  Runs use one rank until this builds.` };
  }
}

function errorLine(output) {
  return output.split("\n").find((line) => /Error/.test(line)) ?? lastLines(output, 1);
}

/** Builds `dist/` of every package whose sources have changed. */
export async function buildPackages() {
  const folders = workspaceFolders();
  const sources = ["src", "package.json", "tsup.config.ts", "tsconfig.json"];
  const inputs = [
    ...["package.json", "pnpm-lock.yaml", "tsconfig.json", "turbo.json", "tooling/build"],
    ...folders.flatMap((folder) => sources.map((name) => join(folder, name))),
  ];
  const hash = hashFiles(inputs.map((path) => join(root, path)));
  const isBuilt = folders.filter(hasBuild).every((folder) => existsSync(join(root, folder, "dist", "index.js")));
  if (isBuilt && readStamp("packages") === hash) return "up to date";
  await mustRun("turbo", ["run", "build", `--concurrency=${availableParallelism()}`, "--output-logs=errors-only"]);
  writeStamp("packages", hash);
  return `built ${folders.filter(hasBuild).length}`;
}

/** Whether a package has a `dist/`; addon-build is plain JavaScript, which set-up itself runs. */
function hasBuild(folder) {
  return "build" in (JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")).scripts ?? {});
}
