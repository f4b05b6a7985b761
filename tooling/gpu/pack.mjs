// Makes .graticule/gpu-pack: all that check.sh needs on a GPU machine without Node, npm and network. It holds this Node, so
// that machine must have this one's processor and system.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = join(root, "tooling", "gpu");
const source = join(root, "packages", "tfjs-backend-torch");
const pack = join(root, ".graticule", "gpu-pack");
const backend = join(pack, "backend");
const compileTool = join(root, "packages", "addon-build");
const require = createRequire(join(compileTool, "package.json"));

rmSync(pack, { recursive: true, force: true });
mkdirSync(backend, { recursive: true });
for (const folder of ["scripts", "src-native"])
  cpSync(join(source, folder), join(backend, folder), { recursive: true });
copyFileSync(join(source, "package.json"), join(backend, "package.json"));
const mpi = join(root, "packages", "mpi");
for (const name of ["scripts", "src-native", "package.json"])
  cpSync(join(mpi, name), join(backend, "mpi", name), { recursive: true });
const compileToolThere = join(backend, "node_modules", "@graticule", "addon-build");
for (const name of ["package.json", "src"])
  cpSync(join(compileTool, name), join(compileToolThere, name), { recursive: true });
const headers = { "node-addon-api": "node-addon-api/package.json", "node-api-headers": "node-api-headers" };
for (const [name, entry] of Object.entries(headers)) {
  cpSync(dirname(realpathSync(require.resolve(entry))), join(backend, "node_modules", name), { recursive: true });
}

// The addon is looked for in ../build of the file that loads it, so the bundles lie where the package's dist/ would.
await build({
  entryPoints: {
    check: join(here, "check.ts"),
    "op-checks": join(here, "op-checks.ts"),
    "rank-checks": join(here, "rank-checks.ts"),
    step: join(root, "tooling", "bench", "ours", "step.ts"),
  },
  outdir: join(backend, "dist"),
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  conditions: ["@graticule/source"],
  external: ["*.node"],
  ignoreAnnotations: true, // tfjs calls its backends and tests free of side effects
  // Bundled CommonJS packages still call require for Node's own modules.
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
  },
  logLevel: "warning",
});

const conformance = [
  join(root, "tooling", "conformance", "main.ts"),
  "--bundle",
  join(backend, "dist", "conformance.cjs"),
];
execFileSync(process.execPath, ["--conditions=@graticule/source", "--import", "tsx", ...conformance], { cwd: root });

for (const name of ["check.sh", "torch-machine.py", "pytorch-step.py"])
  copyFileSync(join(here, name), join(pack, name));
const peer = join(root, "..", "shared", "peers", "mae_step.py");
if (existsSync(peer)) copyFileSync(peer, join(pack, "mae_step.py"));
writeFileSync(join(pack, "node.gz"), packNode());
const manifest = {
  node: process.version,
  arch: process.arch,
  platform: process.platform,
  commit: commit(),
  peer: existsSync(peer),
};
writeFileSync(join(pack, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`gpu pack: ${pack}, Node ${process.version}, ${megabytes(join(pack, "node.gz"))} MB of it packed`);
if (!existsSync(peer)) console.log("gpu pack: no ../shared/peers/mae_step.py, so PyTorch's step will not be run");

/** This Node without its symbols, packed with gzip, which every machine can unpack. */
function packNode() {
  const needs = process.platform === "linux" ? execFileSync("ldd", [process.execPath], { encoding: "utf8" }) : "";
  if (/libnode/.test(needs))
    throw new Error(
      `gpu pack: expected a Node in one file, got ${process.execPath}, which needs libnode. Run this with a Node from nodejs.org.`,
    );
  const copy = join(pack, "node");
  copyFileSync(process.execPath, copy);
  chmodSync(copy, 0o755);
  try {
    execFileSync("strip", [copy]);
  } catch {
    // Without binutils the copy is a little larger.
  }
  const packed = gzipSync(readFileSync(copy), { level: 9 });
  rmSync(copy);
  return packed;
}

function commit() {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
  } catch {
    return null;
  }
}

function megabytes(file) {
  return Math.round(statSync(file).size / 1e6);
}
