import { FormatError } from "@graticule/core";
import { isObject, type Json } from "./array-metadata.js";
import { assertKey, type KeyStore } from "./key-store.js";

/** An array's metadata as the store has it. */
export interface ZarrNode {
  readonly path: string;
  readonly metadata: unknown;
  /** Of version 2, from `.zattrs`. */
  readonly attributes: unknown;
}

export interface ZarrNodes {
  readonly version: 2 | 3;
  readonly arrays: readonly ZarrNode[];
  readonly rootAttributes: unknown;
}

const LARGEST_METADATA_BYTES = 2 ** 26;
const MAX_FOLDERS = 2 ** 14;

/**
 * Finds all arrays of a store: from consolidated metadata where there is one, else by listing.
 *
 * @returns undefined if the store holds no Zarr metadata. @throws {FormatError} if JSON is broken, or a store that
 * can't be listed has no consolidated metadata.
 */
export async function readZarrNodes(store: KeyStore): Promise<ZarrNodes | undefined> {
  const root = await readJson(store, "zarr.json");
  if (root !== undefined) return readV3(store, root);
  const consolidated = await readJson(store, ".zmetadata");
  if (consolidated !== undefined) return readConsolidatedV2(store, consolidated);
  const array = await readJson(store, ".zarray");
  const rootAttributes = await readJson(store, ".zattrs");
  if (array !== undefined) {
    const arrays = [{ path: "", metadata: array, attributes: rootAttributes }];
    return { version: 2, arrays, rootAttributes };
  }
  if ((await readJson(store, ".zgroup")) === undefined) return undefined;
  const arrays = await walk(store, ".zarray", async (path) => {
    const metadata = await readJson(store, `${path}/.zarray`);
    return metadata && { path, metadata, attributes: await readJson(store, `${path}/.zattrs`) };
  });
  return { version: 2, arrays, rootAttributes };
}

async function readJson(store: KeyStore, key: string): Promise<Json | undefined> {
  const bytes = await store.get(key, LARGEST_METADATA_BYTES);
  if (bytes === undefined) return undefined;
  let value: unknown;
  try {
    // NumPy's NaN and infinities are no JSON, but Python writes them.
    const text = Buffer.from(bytes)
      .toString("utf8")
      .replace(/([:[,]\s*)(-?Infinity|NaN)(?=\s*[,\]}])/g, '$1"$2"');
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${store.uri}: '${key}'`, "JSON", (cause as Error).message, "The store is corrupt.", {
      cause,
    });
  }
  if (!isObject(value))
    throw new FormatError(`${store.uri}: '${key}'`, "a JSON object", typeof value, "The store is corrupt.");
  return value;
}

async function readV3(store: KeyStore, root: Json): Promise<ZarrNodes> {
  const rootAttributes = root.attributes;
  if (root.node_type === "array")
    return { version: 3, arrays: [{ path: "", metadata: root, attributes: undefined }], rootAttributes };
  const inline = isObject(root.consolidated_metadata) ? root.consolidated_metadata.metadata : undefined;
  if (isObject(inline)) {
    const arrays = Object.entries(inline).flatMap(([path, metadata]) => {
      assertKey(store.uri, path);
      return isObject(metadata) && metadata.node_type === "array" ? [{ path, metadata, attributes: undefined }] : [];
    });
    return { version: 3, arrays, rootAttributes };
  }
  const arrays = await walk(store, "zarr.json", async (path) => {
    const metadata = await readJson(store, `${path}/zarr.json`);
    return metadata?.node_type === "array" ? { path, metadata, attributes: undefined } : undefined;
  });
  return { version: 3, arrays, rootAttributes };
}

function readConsolidatedV2(store: KeyStore, consolidated: Json): ZarrNodes {
  const entries = isObject(consolidated.metadata) ? consolidated.metadata : {};
  const arrays = Object.entries(entries).flatMap(([key, metadata]) => {
    if (key !== ".zarray" && !key.endsWith("/.zarray")) return [];
    const path = key.slice(0, -"/.zarray".length);
    if (path !== "") assertKey(store.uri, path);
    return [{ path, metadata, attributes: entries[`${path === "" ? "" : `${path}/`}.zattrs`] }];
  });
  return { version: 2, arrays, rootAttributes: entries[".zattrs"] };
}

/** Looks into every folder that is no array itself: chunks are never listed. */
async function walk(
  store: KeyStore,
  marker: string,
  readArray: (path: string) => Promise<ZarrNode | undefined>,
): Promise<ZarrNode[]> {
  const arrays: ZarrNode[] = [];
  const folders = [""];
  for (let next = 0; next < folders.length; next++) {
    const folder = folders[next] as string;
    const names = await store.list(folder);
    if (names === undefined)
      throw new FormatError(
        store.uri,
        "consolidated metadata, since this store can't be listed",
        "none",
        "Write it: `zarr.consolidate_metadata(store)`; or open one array by its own address, as STORE/NAME.",
      );
    for (const name of names.sort()) {
      if (name.startsWith(".") || name === marker) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      const array = await readArray(path);
      if (array !== undefined) arrays.push(array);
      else if (await isGroup(store, path)) folders.push(path);
      if (folders.length > MAX_FOLDERS)
        throw new FormatError(store.uri, `at most ${MAX_FOLDERS} groups`, "more", "The store is corrupt.");
    }
  }
  return arrays;
}

async function isGroup(store: KeyStore, path: string): Promise<boolean> {
  const keys = [`${path}/.zgroup`, `${path}/zarr.json`];
  for (const key of keys) if ((await store.get(key, LARGEST_METADATA_BYTES)) !== undefined) return true;
  return false;
}
