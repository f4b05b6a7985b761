import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCompiler } from "./compiler.mjs";

export async function compileAddon(recipe) {
  const { name, against, sourceDir, buildDir, addonName, compiler, log = () => {}, force = false } = recipe;
  const start = Date.now();
  const seconds = () => (Date.now() - start) / 1000;
  const path = join(buildDir, `${addonName}.node`);
  const stampPath = join(buildDir, "stamp.json");
  const logPath = join(buildDir, "build.log");
  const flags = allFlags(recipe);
  const linkFlags = [process.platform === "darwin" ? "-bundle" : "-shared", ...recipe.linkFlags];
  const sources = readdirSync(sourceDir).sort();
  const settings = [recipe.inputs, compiler, flags, linkFlags, process.arch, sources];
  const hash = hashFiles(sourceDir, sources, JSON.stringify(settings));
  if (!force && existsSync(path) && readStamp(stampPath)?.hash === hash)
    return { path, rebuilt: false, seconds: seconds() };
  log(`${name}: compiling against ${against} with ${compiler.name}`);
  mkdirSync(buildDir, { recursive: true });
  rmSync(stampPath, { force: true });
  writeFileSync(logPath, "");
  const objects = await compileAll(recipe, flags, sources, logPath);
  await runCompiler(recipe, logPath, [...objects, "-o", path, ...linkFlags], "linking");
  writeFileSync(stampPath, `${JSON.stringify({ hash, ...recipe.stamp }, null, 2)}\n`);
  log(`${name}: built in ${seconds().toFixed(1)} s`);
  return { path, rebuilt: true, seconds: seconds() };
}

export async function runAsProgram(moduleUrl, main) {
  if (!process.argv[1] || realpathSync(process.argv[1]) !== fileURLToPath(moduleUrl)) return;
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

function allFlags({ standard, compileFlags, includeDirs, addonName }) {
  const require = createRequire(import.meta.url);
  const nodeHeaders = require("node-api-headers").include_dir;
  const napiHeaders = dirname(realpathSync(require.resolve("node-addon-api/napi.h")));
  return [
    `-std=${standard}`,
    "-O2",
    "-fPIC",
    "-fvisibility=hidden",
    ...compileFlags,
    "-DNAPI_VERSION=8",
    "-DNAPI_CPP_EXCEPTIONS",
    // A worker thread that is terminated takes no more exceptions.
    "-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
    `-DNODE_GYP_MODULE_NAME=${addonName}`,
    ...[...includeDirs, nodeHeaders, napiHeaders].map((folder) => `-isystem${folder}`),
  ];
}

/** Objects are named by the hash of what goes into them. */
async function compileAll(recipe, flags, names, logPath) {
  const { sourceDir, buildDir, compiler, flagsOf = () => [] } = recipe;
  const sources = names.filter((name) => name.endsWith(".cc"));
  const headers = names.filter((name) => name.endsWith(".h"));
  const headerHash = hashFiles(sourceDir, headers);
  const objects = sources.map((source) => {
    const hash = hashFiles(sourceDir, [source], JSON.stringify([compiler, flags, headerHash]));
    return join(buildDir, source.replace(/\.cc$/, `-${hash.slice(0, 12)}.o`));
  });
  for (const name of readdirSync(buildDir)) {
    if (name.endsWith(".o") && !objects.includes(join(buildDir, name))) rmSync(join(buildDir, name));
  }
  const waiting = sources.map((source, index) => [source, objects[index]]).filter(([, object]) => !existsSync(object));
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [source, object] = next;
      const args = [...flags, ...flagsOf(source), "-c", join(sourceDir, source), "-o", object];
      await runCompiler(recipe, logPath, args, `compiling ${source}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), sources.length) }, worker));
  return objects;
}

function hashFiles(folder, names, salt = "") {
  const hash = createHash("sha256").update(salt);
  for (const name of names) hash.update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}

function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}
