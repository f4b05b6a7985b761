import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url)).replace(/[\\/]$/, "");

/** Where set-up keeps what it made: pnpm, the virtual environment, stamps. Not tracked; delete it to start anew. */
export const stateFolder = join(root, ".graticule");

/** The pnpm version that package.json pins in `packageManager`. */
export function pinnedPnpmVersion() {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return packageManager.split("@")[1];
}

/** Folders whose programs set-up adds to PATH: the project's own pnpm and the tools in node_modules. */
const programFolders = [join(stateFolder, "pnpm", "node_modules", ".bin"), join(root, "node_modules", ".bin")];

/** The environment in which set-up and checks start programs. */
export function projectEnvironment() {
  return {
    ...process.env,
    PATH: [...programFolders, process.env.PATH ?? ""].join(delimiter),
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    DO_NOT_TRACK: "1",
  };
}
