import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../../", import.meta.url);
const found = new Map<string, string | undefined>();

/** A Python interpreter that can import the modules: `$GRATICULE_PEER_PYTHON`, the set-up's environment, or the system's. */
export function findPython(modules: readonly string[]): string | undefined {
  const candidates = [
    process.env.GRATICULE_PEER_PYTHON,
    fileURLToPath(new URL(".graticule/peers/bin/python", root)),
    fileURLToPath(new URL(".graticule/venv/bin/python", root)),
    "python3",
    "/usr/bin/python3",
  ];
  const names = modules.join(", ");
  if (!found.has(names))
    found.set(
      names,
      candidates.find((python) => python && spawnSync(python, ["-c", `import ${names}`]).status === 0),
    );
  return found.get(names);
}

/** The peer's script in the shared folder beside the project, where it is there. */
export function findPeerScript(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../shared/peers/${name}`, root));
  return existsSync(path) ? path : undefined;
}
