/** In the order of src-native/device_path.h. */
export const deviceCollectivesNames = ["auto", "nccl", "mpi"] as const;

/** What carries collectives on memory of GPUs. */
export type DeviceCollectives = (typeof deviceCollectivesNames)[number];

export function assertDeviceCollectives(value: DeviceCollectives): void {
  if (deviceCollectivesNames.includes(value)) return;
  throw new TypeError(
    `openMpi: expected deviceCollectives of ${deviceCollectivesNames.join(", ")}, got ${JSON.stringify(value)}.`,
  );
}
