import { existsSync } from "node:fs";
import { join } from "node:path";
import { stateFolder } from "../setup/project.mjs";

export const NAPI_VERSION = 8;

/** Where build-tfjs-node.mjs puts tfjs-node. */
export const tfjsNodeFolder = join(stateFolder, "tfjs-node/node_modules/@tensorflow/tfjs-node");

export const tfjsNodeBinding = join(tfjsNodeFolder, `lib/napi-v${NAPI_VERSION}/tfjs_binding.node`);

/** The environment in which `openBackend` finds the tfjs-node that was built here; a user's own choice wins. */
export function tfjsNodeEnvironment() {
  const { GRATICULE_TFJS_NODE: chosen } = process.env;
  return chosen || !existsSync(tfjsNodeBinding) ? {} : { GRATICULE_TFJS_NODE: tfjsNodeFolder };
}
