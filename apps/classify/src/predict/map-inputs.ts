import { statSync } from "node:fs";
import { join, parse } from "node:path";
import { ConfigError } from "@graticule/core";
import { resolveAddress } from "@graticule/data";
import { listImagePaths } from "@graticule/data-geotiff";

/** A file to predict, and its name without an ending: below the folder that it was found in, if it was. */
export interface PredictInput {
  readonly path: string;
  readonly name: string;
}

/** Puts all images below a folder in its place; files and addresses stay. @throws {ConfigError} if a folder has no image. */
export async function expandInputs(inputs: readonly string[]): Promise<PredictInput[]> {
  const expanded: PredictInput[] = [];
  for (const path of inputs) {
    const address = resolveAddress(path);
    if (address.kind === "file" && statSync(address.path, { throwIfNoEntry: false })?.isDirectory())
      for (const found of await listImagePaths("predict", address.path)) {
        const { dir, name } = parse(found);
        expanded.push({ path: join(address.path, found), name: join(dir, name) });
      }
    else
      expanded.push({ path, name: parse(address.kind === "http" ? new URL(address.url).pathname : address.path).name });
  }
  return expanded;
}

/** @throws {ConfigError} naming two inputs whose maps would have one name. */
export function assertOwnNames(inputs: readonly PredictInput[]): void {
  const byName = new Map<string, string>();
  for (const { path, name } of inputs) {
    const other = byName.get(name);
    if (other !== undefined)
      throw new ConfigError(
        `predict: expected rasters of different names, got ${other} and ${path}, which would both become ${name}.classes.tif. Write them to different folders.`,
      );
    byName.set(name, path);
  }
}
