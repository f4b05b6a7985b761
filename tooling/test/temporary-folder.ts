import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inflateSync } from "node:zlib";
import { afterAll } from "vitest";

/** A file of which few bytes matter: its size and, by offset, deflated bytes in base64. All others are 0. */
export interface SparseFile {
  /** Size of the whole. Units: bytes. */
  readonly bytes: number;
  readonly pieces: readonly (readonly [offset: number, deflated: string])[];
}

export interface TemporaryFolder {
  readonly path: string;
  /** Writes a file and the folders above it; returns its path. */
  write(name: string, bytes: Uint8Array | string): string;
  /** Writes a file whose zeros take no space on disk; returns its path. */
  writeSparse(name: string, file: SparseFile): string;
}

/** Makes a folder for a test file, removed after its last test. Call it at the file's top level. */
export function makeTemporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "graticule-test-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write(name, bytes) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
      return file;
    },
    writeSparse(name, { bytes, pieces }) {
      const file = join(path, name);
      const handle = openSync(file, "w");
      ftruncateSync(handle, bytes);
      for (const [offset, deflated] of pieces) {
        const piece = inflateSync(Buffer.from(deflated, "base64"));
        writeSync(handle, piece, 0, piece.length, offset);
      }
      closeSync(handle);
      return file;
    },
  };
}
