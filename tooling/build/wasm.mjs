/** Compiles each WebAssembly kernel into the TypeScript file beside its source: `node tooling/build/wasm.mjs`. */
/** Assembles the WebAssembly kernels into TypeScript files: `node tooling/build/wasm.mjs`. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import asc from "assemblyscript/asc";
import makeWabt from "wabt";
import { widenKernelText } from "./widen-kernel.mjs";

const kernels = [
  "data/src/resample-kernel.wat",
  "data-hyperspectral/src/strided/widen-kernel.wat",
  "data-geotiff/src/kernel/block-kernel.as",
];
const wabt = await makeWabt();
for (const kernel of kernels) {
  const source = new URL(`../../packages/${kernel}`, import.meta.url);
  const file = kernel.split("/").at(-1);
  const name = file.replace(/\.\w+$/, "");
  const script = readFileSync(source, "utf8");
  const bytes = file.endsWith(".as") ? await compileScript(script) : assembleText(file, script);
  const text = `/** \`${file}\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const ${name.replace("-", "_").toUpperCase()} =
const KERNELS = ["packages/data/src/resample-kernel.wat", "packages/data-era5/src/codecs/chunk-kernel.wat"];

const wabt = await makeWabt();
for (const path of KERNELS) {
  const source = new URL(`../../${path}`, import.meta.url);
  const name = basename(path, ".wat");
  const parsed = wabt.parseWat(`${name}.wat`, readFileSync(source, "utf8"), { simd: true });
  const { buffer } = parsed.toBinary({});
  const text = `/** \`${name}.wat\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const ${name.toUpperCase().replaceAll("-", "_")} =
const packages = new URL("../../packages/", import.meta.url);
const wabt = await makeWabt();

function assemble(kernel, source, text) {
  const { buffer } = wabt.parseWat(source, text, { simd: true }).toBinary({});
  const name = kernel.split("/").at(-1).replace("-", "_").toUpperCase();
  const file = `/** \`${source}\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const ${name} =
  "${Buffer.from(buffer).toString("base64")}";
  "${Buffer.from(bytes).toString("base64")}";
`;
  writeFileSync(new URL(`${kernel}.ts`, packages), file);
}

function assembleText(file, text) {
  return wabt.parseWat(file, text, { simd: true }).toBinary({}).buffer;
}

/** AssemblyScript without its runtime: functions on memory alone. */
async function compileScript(text) {
  let bytes;
  const flags = ["--runtime", "stub", "--noAssert", "-O3", "--enable", "simd"];
  const { error, stderr } = await asc.main(["main.ts", "--outFile", "main.wasm", ...flags], {
    readFile: (name) => (name === "main.ts" ? text : null),
    writeFile: (_name, contents) => {
      bytes = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(stderr.toString());
  return bytes;
}
const resample = "data/src/resample-kernel";
assemble(resample, "resample-kernel.wat", readFileSync(new URL(`${resample}.wat`, packages), "utf8"));
assemble("data-hyperspectral/src/strided/widen-kernel", "tooling/build/widen-kernel.mjs", widenKernelText());
