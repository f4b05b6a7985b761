import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { FormatError } from "@graticule/core";
import { Parser, type ReadEntry } from "tar";
import type { ExtractGuard } from "./extract-archive.js";

const FILES = ["File", "OldFile", "ContiguousFile"];

/** Extracts a tar, compressed or not, into an empty folder. @throws {FormatError} as `extractArchive` says. */
export async function extractTar(archive: string, folder: string, guard: ExtractGuard): Promise<void> {
  const source = createReadStream(archive);
  let stored = Promise.resolve();
  let failure: unknown;
  let current: ReadEntry | undefined;

  async function store(entry: ReadEntry): Promise<void> {
    current = entry;
    const name = entry.path.replace(/^(\.\/)+/, "");
    const kind = FILES.includes(entry.type) ? "file" : entry.type === "Directory" ? "folder" : "other";
    // Archives made of a whole folder begin with the folder itself.
    if (kind !== "folder" || (name !== "" && name !== ".")) guard.check({ name, kind, bytes: entry.size });
    if (kind === "folder") {
      await mkdir(join(folder, name), { recursive: true });
      entry.resume();
      return;
    }
    await mkdir(dirname(join(folder, name)), { recursive: true });
    const file = await open(join(folder, name), "wx");
    try {
      for await (const chunk of entry) await file.writeFile(chunk as Uint8Array);
    } finally {
      await file.close();
    }
  }

  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      entry.on("error", () => {}); // `store` throws it.
      stored = stored
        .then(() => {
          if (failure !== undefined) throw failure;
          return store(entry);
        })
        .catch((error) => {
          failure ??= error;
          source.destroy(error as Error);
          entry.resume();
        });
    },
  });
  try {
    await pipeline(source, parser as unknown as NodeJS.WritableStream);
  } catch (error) {
    failure ??= error;
    current?.destroy(error as Error); // It may wait for bytes that won't come.
  }
  await stored;
  if (failure instanceof FormatError) throw failure;
  if (failure !== undefined)
    throw new FormatError(
      archive,
      "a readable tar archive",
      (failure as Error).message,
      "It is truncated or corrupt.",
      {
        cause: failure,
      },
    );
}
