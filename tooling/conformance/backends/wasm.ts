import { setWasmPaths, version_wasm } from "@tensorflow/tfjs-backend-wasm";

/** Folder of the .wasm files, put in by the bundler. */
declare const wasmFolder: string;

export function openBackend(): string {
  setWasmPaths(wasmFolder);
  return `tfjs-backend-wasm ${version_wasm}`;
}
