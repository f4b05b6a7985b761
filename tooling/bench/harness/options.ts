import { Option } from "commander";

export const model = (presets: object, usual: string): Option =>
  new Option("--model <preset>", "sizes").choices(Object.keys(presets)).default(usual);

export const dtype = (usual: string): Option =>
  new Option("--dtype <dtype>", "fp32 or bf16").choices(["fp32", "bf16"]).default(usual);

/** An option that is a number. */
const count = (flags: string, description: string, usual: number): Option =>
  new Option(flags, description).argParser(Number).default(usual);

export const threads = (): Option => count("--threads <count>", "threads for kernels", 2);

export const steps = (usual = 3): Option => count("--steps <count>", "timed steps of one run", usual);

export const profile = (): Option =>
  new Option("--profile", "add the share outside native kernels, and calls and milliseconds of each kernel");

export const json = (): Option => new Option("--json", "accepted for symmetry: the output is always JSON");

/** Numbers written as `a,b`. */
export function numbers(list: string): number[] {
  return words(list).map(Number);
}

/** Words written as `a,b`. */
export function words(list: string): string[] {
  return list.split(",");
}
