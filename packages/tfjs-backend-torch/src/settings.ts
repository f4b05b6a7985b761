import { type AddonDescription, readBuildStamp } from "./addon.js";
import { attempt, boundAddon } from "./kernel-call.js";

export type Precision = "fp32" | "bf16";

/** What the torch backend runs on. */
export interface TorchInfo extends AddonDescription {
  /** Folder of the LibTorch libraries. */
  readonly libDir: string;
  /** How that LibTorch was found when the addon was built. */
  readonly source: string;
  readonly threads: number;
  readonly device: string;
}

/**
 * Loads the native addon now; without it the first tensor does.
 *
 * @throws {MissingDependencyError} if it is not built or its LibTorch cannot be loaded; the message says what to run.
 */
export function loadTorch(): void {
  boundAddon();
}

/**
 * Chooses where new tensors live: "cpu", "cuda", "cuda:1", "mps". Tensors that exist stay where they are.
 *
 * @throws {TorchKernelError} if this LibTorch has no such device.
 */
export function setDevice(device: string): void {
  const addon = boundAddon();
  attempt(() => addon.setDevice(device));
}

export function getDevice(): string {
  return boundAddon().getDevice();
}

/**
 * Under "bf16" matrix products, attention, layer norm and GELU compute or store bf16; all else, and every weight's
 * gradient, is float32.
 */
export function setPrecision(value: Precision): void {
  if (value !== "fp32" && value !== "bf16") {
    throw new TypeError(`setPrecision: expected "fp32" or "bf16", got ${JSON.stringify(value)}.`);
  }
  boundAddon().setPrecision(value === "bf16" ? 1 : 0);
}

export function getPrecision(): Precision {
  return boundAddon().getPrecision() === 1 ? "bf16" : "fp32";
}

/** @throws {TorchKernelError} if not 1 to 1024. */
export function setThreads(threads: number): void {
  const addon = boundAddon();
  attempt(() => addon.setThreads(threads));
}

export function getThreads(): number {
  return boundAddon().getThreads();
}

/** @throws {MissingDependencyError} if the addon is not built or cannot be loaded. */
export function torchInfo(): TorchInfo {
  const addon = boundAddon();
  const { libDir = "", source = "" } = readBuildStamp() ?? {};
  return { ...addon.describe(), libDir, source, threads: addon.getThreads(), device: addon.getDevice() };
}
