/** Compiles each WebAssembly kernel into a TypeScript file of the package that uses it: `node tooling/build/wasm.mjs`. */
import { readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import makeWabt from "wabt";
import { widenKernelText } from "./widen-kernel.mjs";

const packages = new URL("../../packages/", import.meta.url);
const wabt = await makeWabt();

for (const kernel of ["data/src/resample-kernel", "data-era5/src/codecs/chunk-kernel"]) {
  const file = `${kernel.split("/").at(-1)}.wat`;
  writeKernel(kernel, file, assemble(file, readSource(`${kernel}.wat`)));
}
const widen = "tooling/build/widen-kernel.mjs";
writeKernel("data-hyperspectral/src/strided/widen-kernel", widen, assemble(widen, widenKernelText()));
const block = "data-geotiff/src/kernel/block-kernel";
writeKernel(block, "block-kernel.as", await compileScript(readSource(`${block}.as`)));

function readSource(path) {
  return readFileSync(new URL(path, packages), "utf8");
}

function writeKernel(kernel, source, bytes) {
  const name = kernel.split("/").at(-1).replace("-", "_").toUpperCase();
  const text = `/** \`${source}\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const ${name} =
  "${Buffer.from(bytes).toString("base64")}";
`;
  writeFileSync(new URL(`${kernel}.ts`, packages), text);
}

function assemble(file, text) {
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
