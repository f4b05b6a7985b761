import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { getBackend, tensor1d } from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { type BackendOptions, openBackend } from "../src/index.js";

const plain: BackendOptions = { name: "cpu", device: "cpu", precision: "fp32", threads: 0 };

test.each(["wasm", "cpu"] as const)("%s becomes the active backend", async (name) => {
  expect(await openBackend({ ...plain, name })).toEqual({ name, precision: "fp32" });
  expect(getBackend()).toBe(name);
});

test("a precision or device that a backend lacks is an error, not another choice", async () => {
  await expect(openBackend({ ...plain, name: "wasm", precision: "bf16" })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: backend wasm: expected device cpu and precision fp32, got cpu and bf16. Use the torch backend, or these.]`,
  );
});

test("tensorflow without tfjs-node says how to get it", async () => {
  vi.stubEnv("GRATICULE_TFJS_NODE", "/nowhere/tfjs-node");
  await expect(openBackend({ ...plain, name: "tensorflow" })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MissingDependencyError: backend tensorflow: expected /nowhere/tfjs-node, got none. Install it with \`npm install @tensorflow/tfjs-node@4.22.0\`, or use another backend.]`,
  );
  vi.unstubAllEnvs();
});

test("a tfjs-node that does not load says why", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tfjs-node-"));
  writeFileSync(join(folder, "index.js"), 'throw new Error("no binding")');
  vi.stubEnv("GRATICULE_TFJS_NODE", folder);
  await expect(openBackend({ ...plain, name: "tensorflow" })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MissingDependencyError: backend tensorflow: expected a loadable tfjs-node, got "no binding". Run \`npm rebuild @tensorflow/tfjs-node --build-addon-from-source\`, or use another backend.]`,
  );
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test.skipIf(!isAddonBuilt())("auto is torch with its byte meter (skipped: the torch addon is not built)", async () => {
  const { name, memory } = await openBackend({ ...plain, name: "auto", threads: 1 });
  expect(name).toBe("torch");
  // The run log writes all of them to TensorBoard, which takes numbers alone.
  expect(Object.values(memory?.() ?? {}).map((value) => typeof value)).toEqual(["number", "number"]);
  const before = memory?.().liveBytes ?? 0;
  const values = tensor1d(new Float32Array(1000));
  expect((memory?.().liveBytes ?? 0) - before).toBeGreaterThanOrEqual(4000);
  values.dispose();
  expect(memory?.().liveBytes).toBe(before);
});

test.skipIf(isAddonBuilt())(
  "auto without LibTorch is wasm, with one line on what that costs (skipped: the torch addon is built)",
  async () => {
    const lines: string[] = [];
    const logger = { debug: () => {}, info: () => {}, error: () => {}, warn: (line: string) => lines.push(line) };
    expect((await openBackend({ ...plain, name: "auto", precision: "bf16" }, logger)).name).toBe("wasm");
    expect(lines).toEqual([expect.stringContaining("npm run doctor")]);
  },
);
