import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openFileSource } from "@graticule/data";
import { openZipStore } from "../src/zarr/zip-store.js";

/** Unpacks a zipped store into a folder. */
export async function unzipTo(archive: string, root: string): Promise<void> {
  const store = await openZipStore(await openFileSource(archive));
  async function unpack(prefix: string): Promise<void> {
    for (const name of (await store.list(prefix)) ?? []) {
      const key = prefix === "" ? name : `${prefix}/${name}`;
      const bytes = await store.get(key, 2 ** 20);
      if (bytes === undefined) await unpack(key);
      else {
        mkdirSync(dirname(join(root, key)), { recursive: true });
        writeFileSync(join(root, key), bytes);
      }
    }
  }
  await unpack("");
  await store.close();
}
