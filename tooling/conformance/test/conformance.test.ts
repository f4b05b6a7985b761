import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { describe, expect, it } from "vitest";
import exclusions from "../exclusions.json" with { type: "json" };

const root = fileURLToPath(new URL("../../../", import.meta.url));

function conformance(...options: string[]) {
  const args = ["--conditions=@graticule/source", "--import", "tsx", "tooling/conformance/main.ts", ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  return { status, lines: stdout.trim().split("\n"), stderr };
}

describe("exclusions", () => {
  it("each name a backend, a spec and a reason, and are few", () => {
    for (const exclusion of exclusions) {
      expect(exclusion).toEqual({
        backend: expect.stringMatching(/^(torch|cpu|wasm)$/),
        spec: expect.stringMatching(/\S/),
        reason: expect.stringMatching(/\S{3,} \S+/),
      });
    }
    expect(exclusions.length).toBeLessThanOrEqual(5);
  });
});

describe("npm run conformance", () => {
  it("refuses a backend that it does not know", () => {
    const { status, stderr } = conformance("--backend", "webgl");
    expect(status).toBe(1);
    expect(stderr).toContain("Allowed choices are torch, cpu, wasm.");
  });
});

const built = isAddonBuilt();

describe.skipIf(!built)(`on torch${built ? "" : " (skipped: the addon is not built, run `npm run setup`)"}`, () => {
  it("has no failure", () => {
    const { status, lines } = conformance("--json");
    const { specs, excluded, failed } = JSON.parse(lines.at(-1)!);
    expect(failed).toEqual([]);
    expect(specs).toBeGreaterThan(4200);
    expect(excluded).toBe(exclusions.length);
    expect(status).toBe(0);
  });

  it("runs from a bundle that stands alone, and says that LibTorch lacks a device", () => {
    const folder = mkdtempSync(join(tmpdir(), "graticule-bundle-"));
    try {
      const file = join(folder, "conformance.cjs");
      expect(conformance("--bundle", file).lines.join()).toContain(`node ${file}`);
      const env = { ...process.env, GRATICULE_TORCH_PACKAGE: join(root, "packages/tfjs-backend-torch") };
      const options = { cwd: folder, env, encoding: "utf8" } as const;
      const { status, stderr } = spawnSync(process.execPath, [file, "--device", "nowhere"], options);
      expect(status).toBe(2);
      expect(stderr).toContain("nowhere");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe.skipIf(built)(`without the addon${built ? " (skipped: the addon is built)" : ""}`, () => {
  it("says what to run for torch", () => {
    const { status, stderr } = conformance();
    expect(status).toBe(2);
    expect(stderr).toContain("graticule-torch-build");
  });

  it("has no failure on cpu", () => {
    const { status, lines } = conformance("--backend", "cpu", "--json");
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ backend: "cpu", specs: 4232, failures: 0, excluded: 0 });
    expect(status).toBe(0);
  });
});
