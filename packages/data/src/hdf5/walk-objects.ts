import { type Hdf5Attributes, readAttributes } from "./attributes.js";
import { parseDataspace } from "./dataset-messages.js";
import { Fields } from "./fields.js";
import { readLinks } from "./group-links.js";
import type { Hdf5File } from "./hdf5-file.js";
import { findMessage, type HeaderMessage, MESSAGE, readObjectHeader } from "./object-header.js";

/** A dataset or group of the file. */
export interface Hdf5Object {
  /** Names from the root, joined by "/": "" for the root, then "name", "group/name". */
  readonly path: string;
  readonly address: number;
  readonly messages: readonly HeaderMessage[];
  readonly attributes: Hdf5Attributes;
  /** Of a dataset; undefined for a group, and for what holds nothing. */
  readonly shape: readonly number[] | undefined;
}

const MAX_OBJECTS = 2 ** 15;
const MAX_DEPTH = 32;

/** Reads the headers of all objects that hard links lead to, groups first come first served, each object once. */
export async function walkObjects(file: Hdf5File): Promise<{ groups: Hdf5Object[]; datasets: Hdf5Object[] }> {
  const groups: Hdf5Object[] = [];
  const datasets: Hdf5Object[] = [];
  const seen = new Set<number>();

  async function visit(path: string, address: number, depth: number): Promise<void> {
    if (seen.has(address) || !Number.isFinite(address)) return;
    seen.add(address);
    const messages = await readObjectHeader(file, address);
    const attributes = await readAttributes(file, messages);
    const space = await findMessage(file, messages, MESSAGE.dataspace);
    if (space !== undefined) {
      const shape = parseDataspace(new Fields(file.uri, `dataspace of '${path}'`, space, file.sizes));
      datasets.push({ path, address, messages, attributes, shape });
      return;
    }
    groups.push({ path, address, messages, attributes, shape: undefined });
    const fields = new Fields(file.uri, `group '${path}'`, new Uint8Array(0), file.sizes);
    if (depth >= MAX_DEPTH) throw fields.broken(`groups at most ${MAX_DEPTH} deep`, "deeper");
    for (const link of await readLinks(file, messages)) {
      await visit(path === "" ? link.name : `${path}/${link.name}`, link.address, depth + 1);
      if (seen.size > MAX_OBJECTS) throw fields.broken(`at most ${MAX_OBJECTS} objects`, "more");
    }
  }
  await visit("", file.rootAddress, 0);
  return { groups, datasets };
}
