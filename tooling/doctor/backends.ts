import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { torchInfo } from "@graticule/tfjs-backend-torch";
import { searchLibTorch } from "../../packages/tfjs-backend-torch/scripts/find-libtorch.mjs";
import { tfjsNodeBinding } from "../tensorflow/find-tfjs-node.mjs";
import type { Row } from "./rows.js";

const HOW_TO_GET_LIBTORCH =
  "pip install torch, or apt-get install libtorch-dev libopenblas0-pthread, or set LIBTORCH; then npm run setup -- --retry";

/** LibTorch and the TensorFlow.js backends that models can run on. */
export function backendRows(): Row[] {
  return [...torchRows(), packageRow("wasm"), packageRow("cpu"), tensorflowRow()];
}

function torchRows(): Row[] {
  const { libtorch, reasons } = searchLibTorch();
  const library: Row = libtorch
    ? { what: "LibTorch", status: "ok", found: `${libtorch.version} from ${libtorch.source} (${libtorch.root})` }
    : {
        what: "LibTorch",
        status: "missing",
        found: `models run on wasm, several times slower (${reasons.join("; ")})`,
        advice: HOW_TO_GET_LIBTORCH,
      };
  try {
    const { version, cpuCapability, cuda, mkldnn, threads } = torchInfo();
    const devices = cuda ? "cpu and cuda" : "cpu";
    const found = `LibTorch ${version} on ${devices}; ${cpuCapability}${mkldnn ? ", oneDNN" : ""}, ${threads} threads`;
    return [library, { what: "backend torch", status: "ok", found }];
  } catch (error) {
    const found = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return [library, { what: "backend torch", status: "missing", found, advice: "npm run setup" }];
  }
}

function packageRow(name: "wasm" | "cpu"): Row {
  const version = installedVersion(`@tensorflow/tfjs-backend-${name}`);
  return version
    ? { what: `backend ${name}`, status: "ok", found: `tfjs ${version}` }
    : { what: `backend ${name}`, status: "missing", found: "not installed", advice: "npm run setup" };
}

function tensorflowRow(): Row {
  const what = "backend tensorflow";
  const version = installedVersion("@tensorflow/tfjs-node") ?? installedVersion("@tensorflow/tfjs-node-gpu");
  if (version) return { what, status: "ok", found: `tfjs-node ${version}` };
  if (existsSync(tfjsNodeBinding))
    return { what, status: "ok", found: "tfjs-node, built here by `npm run tensorflow`" };
  return { what, status: "warn", found: "tfjs-node is not installed; optional", advice: "npm run tensorflow" };
}

function installedVersion(name: string): string | undefined {
  try {
    const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
    return version;
  } catch {
    return undefined;
  }
}
