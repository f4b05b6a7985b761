// Makes a fresh clone ready to run: `npm run setup [-- --quiet] [-- --retry]`. Idempotent; seconds when nothing is to
// be done. Needs Node, and no package: everything here is plain Node.
import { getLibTorch, WITHOUT_LIBTORCH } from "./get-libtorch.mjs";
import { getMpi, WITHOUT_MPI } from "./get-mpi.mjs";
import { installDependencies, installPnpm } from "./install-packages.mjs";
import { runSteps } from "./progress.mjs";

const OLDEST_NODE = 20;

const quiet = process.argv.includes("--quiet");
const retry = process.argv.includes("--retry");
let hasLibTorch = false;
let hasMpi = false;
let hasCompiler = false;

async function checkNode() {
  const version = process.versions.node;
  if (Number(version.split(".")[0]) >= OLDEST_NODE) return version;
  throw new Error(
    `Node: expected version ${OLDEST_NODE} or newer, got ${version}. Install it from your system or nvm.`,
  );
}

async function libTorch() {
  const { libtorch, reasons } = await getLibTorch({ retry });
  hasLibTorch = libtorch !== null;
  return libtorch
    ? `found ${libtorch.version} (${libtorch.source})`
    : { warning: `${WITHOUT_LIBTORCH} [${reasons.join("; ")}]` };
}

async function mpi() {
  const { found, reason } = await getMpi({ retry });
  hasMpi = found.length > 0;
  if (!hasMpi) return { warning: `${WITHOUT_MPI} [${reason}]` };
  const names = found.map(({ implementation, version }) => `${implementation} ${version}`).join(" and ");
  return `found ${names}${reason ? `, no other: ${reason}` : ""}`;
}

async function compiler() {
  if (!hasLibTorch && !hasMpi) return "not needed";
  const { getCompiler } = await import("./build-packages.mjs");
  const found = await getCompiler();
  hasCompiler = found !== undefined;
  return found ?? { warning: "none: models run on the wasm backend and one rank; install g++ 9 or newer for more" };
}

async function addon() {
  if (!hasLibTorch || !hasCompiler) return "not built";
  const { buildTorchAddon } = await import("./build-packages.mjs");
  return buildTorchAddon();
}

async function mpiAddon() {
  if (!hasMpi || !hasCompiler) return "not built";
  const { buildMpi } = await import("./build-packages.mjs");
  return buildMpi();
}

async function packages() {
  const { buildPackages } = await import("./build-packages.mjs");
  return buildPackages();
}

try {
  await runSteps(
    [
      { title: "Node", run: checkNode },
      { title: "pnpm", run: installPnpm },
      { title: "dependencies", run: installDependencies },
      { title: "LibTorch", run: libTorch },
      { title: "MPI", run: mpi },
      { title: "C++ compiler", run: compiler },
      { title: "torch addon", run: addon },
      { title: "MPI addon", run: mpiAddon },
      { title: "packages", run: packages },
    ],
    { quiet },
  );
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
