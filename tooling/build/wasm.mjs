/** Assembles the WebAssembly kernels into TypeScript files: `node tooling/build/wasm.mjs`. */
import { readFileSync, writeFileSync } from "node:fs";
import makeWabt from "wabt";
import { widenKernelText } from "./widen-kernel.mjs";

const packages = new URL("../../packages/", import.meta.url);
const wabt = await makeWabt();

function assemble(kernel, source, text) {
  const { buffer } = wabt.parseWat(source, text, { simd: true }).toBinary({});
  const name = kernel.split("/").at(-1).replace("-", "_").toUpperCase();
  const file = `/** \`${source}\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const ${name} =
  "${Buffer.from(buffer).toString("base64")}";
`;
  writeFileSync(new URL(`${kernel}.ts`, packages), file);
}

const resample = "data/src/resample-kernel";
assemble(resample, "resample-kernel.wat", readFileSync(new URL(`${resample}.wat`, packages), "utf8"));
assemble("data-hyperspectral/src/strided/widen-kernel", "tooling/build/widen-kernel.mjs", widenKernelText());
