import { defineConfig, type Options } from "tsup";

/** The one build that every package uses: ESM for Node 20 and browsers, with types and source maps. */
export function library(entry: string[] = ["src/index.ts"], more: Options = {}): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    external: [/^node:/],
    dts: true,
    sourcemap: true,
    clean: true,
    splitting: true,
    treeshake: true,
    silent: true,
    ...more,
  });
}
