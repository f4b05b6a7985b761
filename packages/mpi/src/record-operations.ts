import { openContext } from "./open-mpi.js";

/** One operation of this rank on the timeline. Units: seconds of `process.hrtime`'s clock. */
export interface OperationRecord {
  /** For example `all-reduce #41 (sum of 1024 float32)`. */
  readonly name: string;
  readonly communicator: string;
  /** Of the larger of its two buffers. */
  readonly bytes: number;
  /** When it was handed to MPI. */
  readonly start: number;
  /**
   * When MPI first said that it is done: to the JavaScript thread if that was blocked, else to the watching thread, which
   * asks every 50 microseconds while it gets processor time.
   */
  readonly end: number;
  /** Since when the JavaScript thread was blocked by it, until its end; left out if it never was. */
  readonly blockedFrom?: number;
}

/**
 * Records what this rank does in MPI from now on: blocking or not, on every communicator. The function that it returns ends
 * that, and gives the operations that have completed. Nothing is recorded where MPI is not open; one recording at a time.
 */
export function recordOperations(): () => readonly OperationRecord[] {
  const native = openContext()?.native;
  if (!native) return () => [];
  const offset = Number(process.hrtime.bigint()) / 1e9 - native.startRecording();
  return () =>
    native.stopRecording().map(({ start, end, blockedFrom, ...record }) => ({
      ...record,
      start: start + offset,
      end: end + offset,
      ...(blockedFrom !== undefined && { blockedFrom: blockedFrom + offset }),
    }));
}
