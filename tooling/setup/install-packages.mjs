import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pinnedPnpmVersion, root, stateFolder } from "./project.mjs";
import { mustRun, run } from "./run.mjs";
import { hashFiles, readStamp, writeStamp } from "./stamps.mjs";

/** Makes sure that pnpm runs at the pinned version; the project gets a copy of its own unless PATH has that version. */
export async function installPnpm() {
  const version = pinnedPnpmVersion();
  const isThere = async () => {
    const { ok, output } = await run("pnpm", ["--version"], { env: { COREPACK_ENABLE_DOWNLOAD_PROMPT: "0" } });
    return ok && output.trim() === version;
  };
  if (await isThere()) return version;
  const folder = join(stateFolder, "pnpm");
  await mustRun("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", `pnpm@${version}`]);
  if (!(await isThere()))
    throw new Error(`pnpm: expected version ${version} in ${folder}, got none. Delete ${folder}.`);
  return `installed ${version}`;
}

/** Installs what the lockfile names, unless that was done for the same lockfile, manifests and Node version. */
export async function installDependencies() {
  const inputs = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ...workspaceManifests()];
  const hash = hashFiles(
    inputs.map((path) => join(root, path)),
    `${process.version} ${process.platform} ${process.arch}`,
  );
  if (readStamp("dependencies") === hash && existsSync(join(root, "node_modules", ".modules.yaml")))
    return "up to date";
  await mustRun("pnpm", ["install", "--frozen-lockfile"], { env: { CI: "true" } });
  writeStamp("dependencies", hash);
  return "installed";
}

/** Every folder of the workspace that holds a package. */
export function workspaceFolders() {
  return ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group))
      .map((name) => join(group, name))
      .filter((folder) => existsSync(join(root, folder, "package.json"))),
  );
}

function workspaceManifests() {
  return workspaceFolders().map((folder) => join(folder, "package.json"));
}
