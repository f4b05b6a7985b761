// The page that browser.mjs bundles: all cases on each backend that this browser has, posted back as JSON.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { env, setBackend } from "@tensorflow/tfjs-core";
import fixture from "../../packages/models/test/fixtures/mae-3-channels.safetensors";
import { computeErrors } from "./compute-errors.ts";
import reference from "./reference.json";

env().set("PROD", true);
setWasmPaths("/wasm/");
const results = {};
for (const backend of ["webgpu", "webgl", "wasm", "cpu"])
  try {
    if (!(await setBackend(backend))) throw new Error("the browser has no such backend");
    results[backend] = { errors: await computeErrors(reference, fixture) };
  } catch (error) {
    results[backend] = { missing: String(error?.message ?? error).split("\n")[0] };
  }
await fetch("/results", { method: "POST", body: JSON.stringify(results) });
