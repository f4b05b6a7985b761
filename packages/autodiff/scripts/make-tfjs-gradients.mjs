/**
 * Rebuilds `src/tfjs-gradients.js` from the installed tfjs-core:
 *   node packages/autodiff/scripts/make-tfjs-gradients.mjs
 *
 * tfjs-core registers its derivatives in `dist/register_all_gradients.js`, which only a bundler can load: its Node build
 * leaves them out, and Node can't resolve the file's extensionless imports. So the derivatives are bundled here once,
 * with every import of a tfjs-core op or utility turned into a use of the public package.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const { build } = createRequire(require.resolve("tsup"))("esbuild");
const tf = require("@tensorflow/tfjs-core");
const dist = dirname(require.resolve("@tensorflow/tfjs-core"));

/** Modules of tfjs-core that the package exports as a namespace, or in part. */
const namespaces = {
  util: "tf.util",
  "ops/broadcast_util": "tf.broadcast_util",
  "ops/axis_util": "tf.backend_util",
  "ops/conv_util": "tf.backend_util",
  "ops/slice_util": "tf.slice_util",
  "ops/selu_util": "tf.backend_util",
};

function publicModule(name) {
  const head = `import * as tf from "@tensorflow/tfjs-core";\n`;
  if (name === "engine") return `${head}export const ENGINE = tf.engine();`;
  if (name === "kernel_registry")
    return "export const configs = [];\nexport const registerGradient = (config) => configs.push(config);";
  if (name === "ops/operation") return `${head}export const op = tf.op;`;
  if (name === "tensor_util_env") return "export const convertToTensor = (x) => x;";
  const from = namespaces[name];
  if (from) {
    const keys = Object.keys(
      from
        .split(".")
        .slice(1)
        .reduce((value, key) => value[key], tf),
    );
    return `${head}${keys.map((key) => `export const ${key} = ${from}.${key};`).join("\n")}`;
  }
  if (name === "base") return `${head}export const backend_util = tf.backend_util;`;
  const camel = name.replace("ops/", "").replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
  if (name.startsWith("ops/") && camel in tf)
    return `${head}export const ${camel} = (...args) => tf.${camel}(...args);`;
  return undefined;
}

/** Two derivatives call tensor methods, which exist only where tfjs's "chained ops" were registered. */
function withoutMethods(path) {
  const source = readFileSync(path, "utf8");
  const functional = source
    .replace(/\b(permutedX|prodGrad|stacked)\.reshape\(/g, "tf.reshape($1, ")
    .replace(/\bx\.split\(/g, "tf.split(x, ")
    .replace(/\b(indices|dy)\.slice\(i, 1\)/g, "tf.slice($1, i, 1)");
  return functional === source ? undefined : `import * as tf from "@tensorflow/tfjs-core";\n${functional}`;
}

const result = await build({
  stdin: {
    contents: `import "${join(dist, "register_all_gradients.js")}";\nexport { configs as tfjsGradients } from "${join(dist, "kernel_registry.js")}";`,
    resolveDir: here,
  },
  absWorkingDir: dist,
  bundle: true,
  write: true,
  treeShaking: true,
  outfile: join(here, "../src/tfjs-gradients.js"),
  format: "esm",
  target: "es2022",
  external: ["@tensorflow/tfjs-core"],
  legalComments: "none",
  banner: {
    js: `// biome-ignore-all lint: generated
// biome-ignore-all format: generated
// biome-ignore-all assist: generated
/**
 * The derivatives of tfjs-core ${tf.version_core}'s kernels, bundled from its dist/register_all_gradients.js
 * by scripts/make-tfjs-gradients.mjs. Do not edit.
 *
 * @license
 * Copyright 2018-2022 Google LLC. All Rights Reserved. Licensed under the Apache License, Version 2.0.
 */`,
  },
  plugins: [
    {
      name: "public-tfjs-core",
      setup(plugins) {
        plugins.onLoad({ filter: /tfjs-core\/dist\/.*\.js$/ }, (args) => {
          const name = relative(dist, args.path).replace(/\.js$/, "");
          const contents = name.startsWith("gradients/") ? withoutMethods(args.path) : publicModule(name);
          return contents === undefined ? undefined : { contents, loader: "js" };
        });
      },
    },
  ],
});
for (const warning of result.warnings) console.warn(warning.text);
