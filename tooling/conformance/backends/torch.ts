import { loadTorch, setDevice, torchInfo } from "@graticule/tfjs-backend-torch";

/** @throws {MissingDependencyError} where the addon is not built; {TorchKernelError} where LibTorch lacks the device. */
export function openBackend(device: string): string {
  loadTorch();
  setDevice(device);
  return `LibTorch ${torchInfo().version}, ${device}`;
}
