import { fileURLToPath } from "node:url";
import { chooseMpiBuild, launchCommand } from "@graticule/mpi";
import { type Measured, runJson } from "./run-json.js";

/** Runs a script of `ours/` on ranks of this machine; rank 0 prints the JSON. */
export function runOnRanks(script: string, ranks: number, settings: object): Promise<Measured> {
  const path = fileURLToPath(new URL(`../ours/${script}.ts`, import.meta.url));
  const program = [
    process.execPath,
    "--conditions=@graticule/source",
    "--import",
    "tsx",
    path,
    JSON.stringify(settings),
  ];
  const [command, ...args] = launchCommand(chooseMpiBuild(), ranks, program, { threadsPerRank: 0 });
  return runJson(command as string, args, { OMP_NUM_THREADS: "1" });
}
