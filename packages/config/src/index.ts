/**
 * Typed run configurations: a zod schema, YAML or TypeScript files, `a.b=c` overrides. Runs in a browser.
 *
 * ```ts
 * import { loadConfig, printConfig } from "@graticule/config";
 * const config = await loadConfig({
 *   schema: z.strictObject({ seed: z.int().default(0), model: z.strictObject({ embedDim: z.int() }) }),
 *   files: ["run.yaml"],
 *   overrides: ["model.embedDim=192"],
 *   readText: (path) => readFile(path, "utf8"),
 * });
 * process.stdout.write(printConfig(config));
 * ```
 */
export { configFingerprint } from "./config-fingerprint.js";
export { type LoadConfigOptions, loadConfig } from "./load-config.js";
export { parseYamlConfig } from "./parse-yaml-config.js";
export type { PlainData, PlainObject } from "./plain-data.js";
export { printConfig } from "./print-config.js";
export { type ConfigLayer, type ResolveConfigOptions, resolveConfig } from "./resolve-config.js";
