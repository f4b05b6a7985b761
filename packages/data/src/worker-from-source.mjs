// Starts worker.ts where no build exists: tests and tools that run from TypeScript source.
import { register } from "tsx/esm/api";

register();
await import("./worker.ts");
