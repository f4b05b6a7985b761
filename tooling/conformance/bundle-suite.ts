import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const backendNames = ["torch", "cpu", "wasm"] as const;
export type BackendName = (typeof backendNames)[number];

const here = dirname(fileURLToPath(import.meta.url));
const torchPackage = join(here, "../../packages/tfjs-backend-torch");
const wasmPackage = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json"));

/** The backend's kernels, tfjs-core and its tests must share one copy of tfjs-core, so they enter one bundle. */
const entry = (backend: BackendName) => `
  import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
  import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
  import { openBackend } from "./backends/${backend}.js";
  import { runSuite } from "./run-suite.js";
  runSuite({ backend: "${backend}", openBackend, loadTests: () => require("@tensorflow/tfjs-core/dist/tests.js") });
`;

/**
 * Writes one CommonJS file that holds tfjs-core's conformance tests, jasmine and a backend; it needs no node_modules.
 *
 * The torch addon is not in it: the file looks for it in `$GRATICULE_TORCH_PACKAGE/build`, else in this tree's package.
 */
export async function bundleSuite(backend: BackendName, outfile: string): Promise<void> {
  await build({
    stdin: { contents: entry(backend), resolveDir: here, sourcefile: "conformance-entry.js" },
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    mainFields: ["module", "main"],
    conditions: ["@graticule/source"],
    // tfjs-core declares its tests free of side effects, so that a bundler drops them all.
    ignoreAnnotations: true,
    legalComments: "none",
    logLevel: "error",
    define: { "import.meta.url": "torchModuleUrl", wasmFolder: JSON.stringify(`${join(wasmPackage, "dist")}/`) },
    banner: {
      js:
        `const torchModuleUrl = require("node:url").pathToFileURL(require("node:path").resolve(` +
        `process.env.GRATICULE_TORCH_PACKAGE ?? ${JSON.stringify(torchPackage)}, "src/addon.js")).href;`,
    },
  });
}
