import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

/** A folder that lives as long as the test file. */
export function makeTemporaryFolder(): {
  readonly path: string;
  write(name: string, bytes: Uint8Array | string): string;
  /** Writes bytes at an offset; what lies between takes no space on disk. */
  writeAt(path: string, offset: number, bytes: Uint8Array): void;
} {
  const path = mkdtempSync(join(tmpdir(), "graticule-era5-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write(name, bytes) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
      return file;
    },
    writeAt(file, offset, bytes) {
      const handle = openSync(file, "r+");
      writeSync(handle, bytes, 0, bytes.length, offset);
      closeSync(handle);
    },
  };
}
