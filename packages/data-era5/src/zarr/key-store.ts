import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "@graticule/core";
import { type ByteSource, fetchObject, openFileSource, openHttpSource } from "@graticule/data";
import { orAbsent, readObject } from "./read-object.js";

/** The objects of a Zarr store, by keys such as `msl/0.0.0`. */
export interface KeyStore {
  readonly uri: string;
  /**
   * The whole object; undefined if there is none.
   *
   * @param room memory of so many bytes, which a store may read into; it returns it, or its first part.
   * @throws {FormatError} if it is larger than `maxBytes`.
   */
  get(key: string, maxBytes: number, room?: (bytes: number) => Uint8Array): Promise<Uint8Array | undefined>;
  /** The object for reading by ranges; undefined if there is none. */
  open(key: string): Promise<ByteSource | undefined>;
  /** Names below a prefix, one level deep, folders included; undefined where a store can't tell. */
  list(prefix: string): Promise<string[] | undefined>;
  close(): Promise<void>;
}

/**
 * Refuses keys that lead out of a store: names come from the store's own metadata.
 *
 * @throws {FormatError} naming the key.
 */
export function assertKey(uri: string, key: string): void {
  const parts = key.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..") || /[\\\0]/.test(key))
    throw new FormatError(uri, "keys inside the store", JSON.stringify(key), "The store is corrupt or hostile.");
}

/** A store in a folder. */
export function openFolderStore(root: string): KeyStore {
  const pathOf = (key: string): string => {
    assertKey(root, key);
    return join(root, key);
  };
  return {
    uri: root,
    get: async (key, maxBytes, room) => readObject(pathOf(key), maxBytes, room),
    async open(key) {
      const path = pathOf(key);
      const handle = await open(path, "r").catch(orAbsent);
      await handle?.close();
      return handle && openFileSource(path);
    },
    list: (prefix) => readdir(prefix === "" ? root : pathOf(prefix)),
    close: async () => {},
  };
}

/** A store behind HTTP, whose keys follow the URL's path. It can't be listed: metadata of groups must be consolidated. */
export function openHttpStore(address: string): KeyStore {
  const base = new URL(address);
  const urlOf = (key: string): string => {
    assertKey(base.href, key);
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/$/, "")}/${key.split("/").map(encodeURIComponent).join("/")}`;
    return url.href;
  };
  return {
    uri: address,
    get: (key, maxBytes) => fetchObject(urlOf(key), { maxBytes }),
    open: (key) => openHttpSource(urlOf(key)),
    list: async () => undefined,
    close: async () => {},
  };
}
