import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { searchLibTorch } from "../scripts/find-libtorch.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "graticule-libtorch-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The files by which a LibTorch is recognized. */
function makeLibTorch(root: string, version: string): string {
  mkdirSync(join(root, "include", "ATen", "core"), { recursive: true });
  mkdirSync(join(root, "lib"), { recursive: true });
  writeFileSync(join(root, "include", "ATen", "core", "Tensor.h"), "");
  writeFileSync(join(root, "lib", "libtorch_cpu.so"), "");
  writeFileSync(join(root, "version.py"), `__version__ = '${version}+cpu'\n`);
  return root;
}

describe("searchLibTorch", () => {
  // PATH is emptied so that no Python of this machine is asked.
  const find = (env: Record<string, string>) => searchLibTorch({ env: { PATH: folder, ...env }, cwd: folder });

  it("takes $LIBTORCH before all else", () => {
    const root = makeLibTorch(join(folder, "libtorch"), "2.5.1");
    const venv = join(folder, "venv");
    makeLibTorch(join(venv, "lib", "python3.11", "site-packages", "torch"), "2.13.0");
    const { libtorch } = find({ LIBTORCH: root, GRATICULE_VENV: venv });
    expect(libtorch).toMatchObject({ source: "LIBTORCH", root, version: "2.5.1", cxx11Abi: true, cuda: false });
  });

  it("sees by its libraries whether a LibTorch is one for CUDA", () => {
    const root = makeLibTorch(join(folder, "libtorch"), "2.11.0");
    writeFileSync(join(root, "lib", "libtorch_cuda.so"), "");
    expect(find({ LIBTORCH: root }).libtorch).toMatchObject({ version: "2.11.0", cuda: true });
  });

  it("does not pass over a $LIBTORCH that is wrong", () => {
    const { libtorch, reasons } = find({ LIBTORCH: join(folder, "nowhere") });
    expect(libtorch).toBeNull();
    expect(reasons[0]).toContain("which holds no include/ATen");
  });

  it("finds the project's virtual environment above the current folder", () => {
    const root = makeLibTorch(
      join(folder, ".graticule", "venv", "lib", "python3.12", "site-packages", "torch"),
      "2.13.0",
    );
    const { libtorch, reasons } = searchLibTorch({ env: { PATH: folder }, cwd: join(folder, "packages", "deep") });
    expect(libtorch).toMatchObject({ source: "venv", root, version: "2.13.0" });
    expect(reasons).toEqual(["python3 cannot import torch"]);
  });

  it("reads the old C++ ABI from an old wheel", () => {
    const root = makeLibTorch(join(folder, "libtorch"), "2.1.0");
    const cmake = join(root, "share", "cmake", "Torch");
    mkdirSync(cmake, { recursive: true });
    writeFileSync(join(cmake, "TorchConfig.cmake"), 'set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=0")');
    expect(find({ LIBTORCH: root }).libtorch?.cxx11Abi).toBe(false);
  });
});
