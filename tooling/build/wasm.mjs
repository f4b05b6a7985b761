/** Compiles each WebAssembly kernel into the TypeScript file that runs it: `node tooling/build/wasm.mjs`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import makeWabt from "wabt";
import { widenKernelText } from "./widen-kernel.mjs";

const packages = new URL("../../packages/", import.meta.url);
const wabt = await makeWabt();

write("data/src/resample-kernel", "resample-kernel.wat", assemble(read("data/src/resample-kernel.wat")));
write("data/src/codecs/chunk-kernel", "chunk-kernel.wat", assemble(read("data/src/codecs/chunk-kernel.wat")));
write("data-hyperspectral/src/strided/widen-kernel", "tooling/build/widen-kernel.mjs", assemble(widenKernelText()));
for (const place of [
  "data/src/codecs/inflate-kernel",
  "data-geotiff/src/kernel/block-kernel",
  "data-geotiff/src/kernel/jpeg/jpeg-kernel",
])
  write(place, `${place.split("/").at(-1)}.as`, await compile(place));

function read(path) {
  return readFileSync(new URL(path, packages), "utf8");
}

function write(kernel, source, bytes) {
  const name = kernel.split("/").at(-1).replaceAll("-", "_").toUpperCase();
  const text = `/** \`${source}\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const ${name} =
  "${Buffer.from(bytes).toString("base64")}";
`;
  writeFileSync(new URL(`${kernel}.ts`, packages), text);
}

function assemble(text) {
  return wabt.parseWat("kernel.wat", text, { simd: true }).toBinary({}).buffer;
}

/** AssemblyScript without its runtime: functions on memory alone. A kernel may import others beside it. */
async function compile(kernel) {
  const folder = kernel.slice(0, kernel.lastIndexOf("/") + 1);
  const main = `${kernel.slice(folder.length)}.ts`;
  let bytes;
  const flags = ["--runtime", "stub", "--noAssert", "-O3", "--enable", "simd"];
  const { error, stderr } = await asc.main([main, "--outFile", "main.wasm", ...flags], {
    readFile(name) {
      const file = new URL(`${folder}${name.replace(/\.ts$/, ".as")}`, packages);
      return existsSync(file) ? readFileSync(file, "utf8") : null;
    },
    writeFile: (_name, contents) => {
      bytes = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(stderr.toString());
  return bytes;
}
