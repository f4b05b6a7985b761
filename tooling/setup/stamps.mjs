import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateFolder } from "./project.mjs";

const stampFile = join(stateFolder, "stamps.json");

/** What set-up noted of a step when it last succeeded; undefined if never. */
export function readStamp(name) {
  return readAll()[name];
}

/** Notes that a step is done for these inputs. */
export function writeStamp(name, value) {
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(stampFile, `${JSON.stringify({ ...readAll(), [name]: value }, null, 2)}\n`);
}

function readAll() {
  try {
    return JSON.parse(readFileSync(stampFile, "utf8"));
  } catch {
    return {};
  }
}

/** SHA-256 over the names and bytes of files and, recursively, folders; what doesn't exist counts as absent. */
export function hashFiles(paths, salt = "") {
  const hash = createHash("sha256").update(salt);
  for (const path of paths) addToHash(hash, path);
  return hash.digest("hex");
}

function addToHash(hash, path) {
  hash.update(`\0${path}\0`);
  if (!existsSync(path)) return;
  try {
    hash.update(readFileSync(path));
  } catch (error) {
    if (error.code !== "EISDIR") throw error;
    for (const name of readdirSync(path).sort()) if (name !== "node_modules") addToHash(hash, join(path, name));
  }
}
