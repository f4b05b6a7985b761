// Plain JavaScript: set-up compiles addons before any package is built.
export { compileAddon, runAsProgram } from "./compile-addon.mjs";
export { findCompiler } from "./compiler.mjs";
