import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A folder that is removed after the test file. */
export function makeTemporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "graticule-store-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
