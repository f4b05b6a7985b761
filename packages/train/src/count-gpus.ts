/**
 * GPUs that the torch backend's LibTorch sees.
 *
 * @throws {MissingDependencyError} if its addon is not built.
 */
export async function countGpus(): Promise<number> {
  const { torchInfo } = await import("@graticule/tfjs-backend-torch");
  return torchInfo().gpuCount;
}
