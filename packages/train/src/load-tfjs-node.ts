import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { MissingDependencyError } from "@graticule/core";

const packages = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"];

/**
 * Loads tfjs-node, which registers backend "tensorflow": the package in the folder `$GRATICULE_TFJS_NODE`, or
 * tfjs-node-gpu or tfjs-node from where this package or the current folder finds it.
 *
 * @throws {MissingDependencyError} if there is none, or its binding can't be loaded.
 */
export function loadTfjsNode(): void {
  const require = createRequire(import.meta.url);
  const path = findTfjsNode(require);
  // TensorFlow otherwise tells each process which instructions the CPU has.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  try {
    require(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new MissingDependencyError(
      "tensorflow",
      `backend tensorflow: expected a loadable tfjs-node, got "${reason}". Run \`npm rebuild @tensorflow/tfjs-node --build-addon-from-source\`, or use another backend.`,
      { cause },
    );
  }
}

function findTfjsNode(require: NodeJS.Require): string {
  const { GRATICULE_TFJS_NODE: folder } = process.env;
  const paths = [dirname(fileURLToPath(import.meta.url)), process.cwd()];
  for (const name of folder ? [folder] : packages) {
    try {
      return require.resolve(name, { paths });
    } catch {}
  }
  throw new MissingDependencyError(
    "tensorflow",
    `backend tensorflow: expected ${folder ?? packages.join(" or ")}, got none. Install it with \`npm install @tensorflow/tfjs-node@4.22.0\`, or use another backend.`,
  );
}
