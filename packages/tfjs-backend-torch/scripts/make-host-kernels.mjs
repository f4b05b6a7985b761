/**
 * Rebuilds `src/host-kernels.js` from the installed tfjs-backend-cpu:
 *   node packages/tfjs-backend-torch/scripts/make-host-kernels.mjs
 *
 * LibTorch has no strings and no ragged tensors, so these kernels run as tfjs wrote them for its cpu backend. They are
 * bundled once, and not imported, because loading that package registers backend "cpu", to which tfjs would then fall
 * back without a word where the addon is missing.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const { build } = createRequire(require.resolve("tsup"))("esbuild");
const cpuPackage = require.resolve("@tensorflow/tfjs-backend-cpu/package.json");
const { version } = require(cpuPackage);

const kernels = [
  ...["RaggedGather", "RaggedRange", "RaggedTensorToTensor", "SparseFillEmptyRows", "SparseReshape"],
  ...["StaticRegexReplace", "StringNGrams", "StringSplit", "StringToHashBucketFast", "Unique"],
];
const configOf = (kernel) => `${kernel[0].toLowerCase()}${kernel.slice(1)}Config`;

const result = await build({
  stdin: {
    contents: kernels.map((kernel) => `export { ${configOf(kernel)} } from "./kernels/${kernel}.js";`).join("\n"),
    resolveDir: join(dirname(cpuPackage), "dist"),
  },
  absWorkingDir: join(dirname(cpuPackage), "dist"),
  bundle: true,
  outfile: join(here, "../src/host-kernels.js"),
  format: "esm",
  target: "es2022",
  external: ["@tensorflow/tfjs-core"],
  legalComments: "none",
  banner: {
    js: `// biome-ignore-all lint: generated
// biome-ignore-all format: generated
// biome-ignore-all assist: generated
/**
 * Kernels of tfjs-backend-cpu ${version}, bundled by scripts/make-host-kernels.mjs. Do not edit.
 *
 * @license
 * Copyright 2020-2023 Google LLC. All Rights Reserved. Licensed under the Apache License, Version 2.0.
 */`,
  },
});
for (const warning of result.warnings) console.warn(warning.text);
