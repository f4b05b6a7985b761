import "@tensorflow/tfjs-backend-cpu";
import { env, setBackend } from "@tensorflow/tfjs-core";

/** Makes tfjs's own CPU backend the current one, without its advice to install another. */
export async function useCpuBackend(): Promise<void> {
  env().set("PROD", true);
  await setBackend("cpu");
}
