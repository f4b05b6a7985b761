import { type AddonDescription, readBuildStamp } from "./addon.js";
import { attempt, boundAddon } from "./kernel-call.js";

export type Precision = "fp32" | "bf16" | "fp16";

/** As the addon numbers them. */
const PRECISIONS: readonly Precision[] = ["fp32", "bf16", "fp16"];

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
 * gradient, is float32. Under "fp16" the same is stored in fp16, rounded from float32, in which all is computed; gradients
 * below 6e-8 vanish there, so that losses have to be scaled.
 */
export function setPrecision(value: Precision): void {
  const code = PRECISIONS.indexOf(value);
  if (code < 0) throw new TypeError(`setPrecision: expected "fp32", "bf16" or "fp16", got ${JSON.stringify(value)}.`);
  boundAddon().setPrecision(code);
}

export function getPrecision(): Precision {
  return PRECISIONS[boundAddon().getPrecision()] as Precision;
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
