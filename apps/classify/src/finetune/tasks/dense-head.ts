import type { HeadConfig } from "@graticule/models";
import { z } from "zod";

/** Settings of a head for pixels. */
export const denseHeadFields = {
  /** Width of the maps of `upernet`. */
  width: z.int().min(1).default(256),
  /** The four blocks that `upernet` reads, from 0; the last of each quarter when absent. */
  blocks: z.tuple([z.int().min(0), z.int().min(0), z.int().min(0), z.int().min(0)]).optional(),
} as const;

interface HeadSettings {
  readonly head: HeadConfig["kind"];
  readonly width: number;
  readonly blocks?: readonly [number, number, number, number] | undefined;
}

/** The head that settings describe, with so many outputs. */
export function headOf({ head: kind, width, blocks }: HeadSettings, outputs: number): HeadConfig {
  return kind === "upernet" ? { kind, outputs, width, ...(blocks && { blocks }) } : { kind, outputs };
}
