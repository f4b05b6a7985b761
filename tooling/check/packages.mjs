// `npm run check:packages`: would every package work for those who install it? Packs each one, then asks publint and
// attw ("are the types wrong?") about the tarball. Needs `dist/`; run set-up first.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { workspaceFolders } from "../setup/install-packages.mjs";
import { root, stateFolder } from "../setup/project.mjs";
import { run } from "../setup/run.mjs";

/** Packs one package and checks the tarball; returns what is wrong with it, or an empty text. */
async function checkPackage(folder) {
  const target = join(stateFolder, "tmp", "pack", folder);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const packed = await run("pnpm", ["pack", "--pack-destination", target], { cwd: join(root, folder) });
  const tarball = readdirSync(target).find((name) => name.endsWith(".tgz"));
  if (!packed.ok || !tarball) return packed.output;
  const file = join(target, tarball);
  const checks = [
    await run("publint", ["--strict", file]),
    await run("attw", ["--profile", "esm-only", "--no-emoji", "--no-color", file]),
  ];
  return checks
    .filter(({ ok }) => !ok)
    .map(({ output }) => output)
    .join("\n");
}

const waiting = workspaceFolders();
async function worker() {
  for (let folder = waiting.shift(); folder; folder = waiting.shift()) {
    const problem = await checkPackage(folder);
    if (problem === "") continue;
    process.stderr.write(`${folder}\n${problem}\n`);
    process.exitCode = 1;
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, worker));
