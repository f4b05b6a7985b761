import { expect, test } from "vitest";
import { z } from "zod";
import * as api from "../src/index.js";
import { loadConfig } from "../src/index.js";

const schema = z.strictObject({ seed: z.int().default(0), name: z.string().default("run") });
const files: Readonly<Record<string, string>> = { "a.yaml": "seed: 1\nname: a\n", "b.yml": "seed: 2\n" };
const modules: Readonly<Record<string, Record<string, unknown>>> = {
  "object.ts": { config: { seed: 3 } },
  "function.mjs": { config: () => ({ seed: 4 }) },
  "async.mjs": { config: async () => ({ seed: 5 }) },
  "wrong.ts": { settings: {} },
  "throws.ts": {
    config: () => {
      throw new Error("no GPU here");
    },
  },
};
const readText = (path: string): string => {
  const text = files[path];
  if (text === undefined) throw new Error("no such file");
  return text;
};
const importModule = async (path: string) => modules[path] as Record<string, unknown>;

function load(paths: string[], overrides: string[] = []) {
  return loadConfig({ schema, files: paths, overrides, readText, importModule });
}

test("presets, files and overrides are layered in this order", async () => {
  const presets = [{ name: "preset tiny", value: { name: "tiny", seed: 9 } }];
  expect(await loadConfig({ schema, presets })).toEqual({ seed: 9, name: "tiny" });
  expect(await loadConfig({ schema, presets, files: ["b.yml"], readText })).toEqual({ seed: 2, name: "tiny" });
  expect(await load(["a.yaml", "b.yml"], ["name=c"])).toEqual({ seed: 2, name: "c" });
  expect(await load([])).toEqual({ seed: 0, name: "run" });
});

test("a module exports config as an object or as a function", async () => {
  expect((await load(["object.ts"])).seed).toBe(3);
  expect((await load(["function.mjs"])).seed).toBe(4);
  expect((await load(["async.mjs"])).seed).toBe(5);
});

test("files that can't be used say why", async () => {
  const failures = [
    load(["missing.yaml"]),
    load(["config.json"]),
    load(["wrong.ts"]),
    load(["throws.ts"]),
    loadConfig({ schema, files: ["a.yaml"] }),
    loadConfig({ schema, files: ["object.ts"] }),
    load(["a.yaml", "b.yml"], ["nam=x"]),
  ];
  const messages = await Promise.all(failures.map((failure) => failure.catch((error: Error) => error.message)));
  expect(messages).toMatchInlineSnapshot(`
    [
      "missing.yaml: expected a readable config file, got no such file.",
      "config.json: expected a .yaml, .ts or .mjs file, got another suffix. Rename the file.",
      "wrong.ts: expected an export named 'config', got 'settings'. Write 'export const config = { … }'.",
      "throws.ts: expected a readable config file, got no GPU here.",
      "a.yaml: expected readText to be given, got none. Pass readText to loadConfig.",
      "object.ts: expected importModule to be given, got none. Pass importModule to loadConfig.",
      "config: nam: expected a known key, got 'nam'. Did you mean 'name'? (set by override 'nam=x')",
    ]
  `);
});

test("the public names stay as they are", () => {
  expect(Object.keys(api)).toMatchInlineSnapshot(`
    [
      "configFingerprint",
      "loadConfig",
      "parseYamlConfig",
      "printConfig",
      "resolveConfig",
    ]
  `);
});
