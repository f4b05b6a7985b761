import { version_cpu } from "@tensorflow/tfjs-backend-cpu";

export function openBackend(): string {
  return `tfjs-backend-cpu ${version_cpu}`;
}
