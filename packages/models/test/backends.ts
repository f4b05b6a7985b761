import { existsSync } from "node:fs";
import "@tensorflow/tfjs-backend-cpu";
import { env, setBackend } from "@tensorflow/tfjs-core";

const isTorchBuilt = existsSync(new URL("../../tfjs-backend-torch/build/graticule_torch.node", import.meta.url));

/** The backends that model tests run on; a reason to skip stands in the title of the torch tests where it isn't built. */
export const backends: readonly { name: string; skip: boolean; use: () => Promise<void> }[] = [
  {
    name: "cpu",
    skip: false,
    use: async () => {
      // Keeps tfjs from advising, on the console, to install another backend.
      env().set("PROD", true);
      await setBackend("cpu");
    },
  },
  {
    name: "wasm",
    skip: false,
    use: async () => {
      await import("@tensorflow/tfjs-backend-wasm");
      await setBackend("wasm");
    },
  },
  {
    name: isTorchBuilt ? "torch" : "torch (skipped: its addon is not built)",
    skip: !isTorchBuilt,
    use: async () => {
      const { setThreads } = await import("@graticule/tfjs-backend-torch");
      await setBackend("torch");
      // Tensors this small lose more than they gain by sharing out the work.
      setThreads(1);
    },
  },
];
