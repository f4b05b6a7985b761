import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes a file that is complete or absent, also after a crash: under another name, synced, then renamed. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  const file = await open(partial, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await renameDurably(partial, path);
}

/** Renames a synced file and syncs the folder that lists it. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  const folder = await open(dirname(to), "r");
  await folder.sync();
  await folder.close();
}
