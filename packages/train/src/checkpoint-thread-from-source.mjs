// Starts checkpoint-thread.ts where no build exists: tests and tools that run from TypeScript source.
import { register } from "tsx/esm/api";

register();
await import("./checkpoint-thread.ts");
