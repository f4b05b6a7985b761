import type { DeviceCollectives } from "./device-collectives.js";
import { MpiError, MpiMismatchError } from "./errors.js";
import type { MpiRequest } from "./mpi-request.js";
import type { Native } from "./native.js";

/** What the communicators of this process share. */
export interface MpiContext {
  readonly native: Native;
  readonly deviceCollectives: DeviceCollectives;
  /** Operations under way: held here so that their buffers live even if nobody keeps the request. */
  readonly requests: Map<number, MpiRequest>;
  /** Set by `closeMpi`. */
  isClosed: boolean;
  /** Counts promises that wait: while there are any, Node goes on running. */
  await(change: number): void;
}

export function makeContext(native: Native, deviceCollectives: DeviceCollectives): MpiContext {
  let awaited = 0;
  return {
    native,
    deviceCollectives,
    requests: new Map(),
    isClosed: false,
    await(change) {
      const before = awaited;
      awaited += change;
      if (awaited > 0 !== before > 0) native.keepRunning(awaited > 0);
    },
  };
}

/** Throws what an error code stands for; does nothing for success. */
export function raise(native: Native, where: string, code: number): void {
  if (code === 0) return;
  if (code === -1)
    throw new MpiMismatchError(`${where}: expected the same operation on every rank, got:${native.errorText(code)}`);
  throw new MpiError(`${where}: ${native.errorText(code)}.`);
}
