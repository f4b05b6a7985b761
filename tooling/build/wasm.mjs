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
const inflate = read("data/src/codecs/inflate-kernel.as");
write("data/src/codecs/inflate-kernel", "inflate-kernel.as", await compile(inflate));
const blocks = read("data-geotiff/src/kernel/block-kernel.as");
write(
  "data-geotiff/src/kernel/block-kernel",
  "block-kernel.as, behind inflate-kernel.as,",
  await compile(inflate + blocks),
);
const jpeg = "data-geotiff/src/kernel/jpeg/";
write(`${jpeg}jpeg-kernel`, "jpeg-kernel.as", await compile(read(`${jpeg}jpeg-kernel.as`), jpeg));

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

/**
 * AssemblyScript without its runtime: functions on memory alone, which is free from `freeFrom()` on. What they import lies
 * in `folder`.
 */
async function compile(functions, folder) {
  const text = `${functions}export function freeFrom(): usize { return (__heap_base + 15) & ~15; }`;
  let bytes;
  const flags = ["--runtime", "stub", "--noAssert", "-O3", "--enable", "simd"];
  const { error, stderr } = await asc.main(["main.ts", "--outFile", "main.wasm", ...flags], {
    readFile(name) {
      if (name === "main.ts") return text;
      const part = `${folder}${name.replace(/\.ts$/, ".as")}`;
      return existsSync(new URL(part, packages)) ? read(part) : null;
    },
    writeFile: (_name, contents) => {
      bytes = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(stderr.toString());
  return bytes;
}
