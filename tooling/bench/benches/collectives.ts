import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseMpiBuild, launchCommand } from "@graticule/mpi";
import { searchMpi } from "../../../packages/mpi/scripts/find-mpi.mjs";
import { median, rounded } from "../harness/median.js";
import { type Measured, runJson } from "../harness/run-json.js";

export interface CollectivesOptions {
  readonly ranks: number;
  /** Of the whole buffer: what is reduced, what is gathered. */
  readonly kilobytes: readonly number[];
  readonly pairs: number;
}

/** Small messages: many short loops, of which the fastest is one that nothing has disturbed. */
const SMALL_BYTES = 2 ** 20;

/** Collectives on float32 arrays, each run of ours followed by one of the MPI library alone, in C++, on as many ranks. */
export async function benchCollectives({
  ranks,
  kilobytes,
  pairs,
}: CollectivesOptions): Promise<Record<string, unknown>> {
  const build = chooseMpiBuild();
  const sizes = kilobytes.map((each) => {
    const bytes = each * 1024;
    return bytes <= SMALL_BYTES ? `${bytes}:200:50` : `${bytes}:15:1`;
  });
  const script = fileURLToPath(new URL("../ours/collectives.ts", import.meta.url));
  const ourProgram = [process.execPath, "--conditions=@graticule/source", "--import", "tsx", script];
  const library = compile(build.implementation);
  const measure = (program: readonly string[]): Promise<Measured> => {
    const [command, ...args] = launchCommand(build, ranks, [...program, ...sizes]);
    return runJson(command as string, args);
  };
  const ours: Measured[] = [];
  const theirs: Measured[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    ours.push(await measure(ourProgram));
    theirs.push(await measure([library]));
  }
  const cases = Object.keys(ours[0] as Measured).flatMap((operation) =>
    kilobytes.map((each) => {
      const of = (runs: readonly Measured[]): number[] =>
        runs.map((run) => (run[operation] as Measured)[each * 1024] as number);
      const [our, their] = [of(ours), of(theirs)];
      const result = {
        microseconds: rounded(median(our)),
        libraryMicroseconds: rounded(median(their)),
        overheadMicroseconds: rounded(median(our.map((time, pair) => time - (their[pair] as number)))),
        shareOfLibrary: rounded(median(our.map((time, pair) => (their[pair] as number) / time))),
      };
      return [`${operation} ${each} kB`, result] as const;
    }),
  );
  const { implementation, version } = build;
  return { bench: "collectives", mpi: `${implementation} ${version}`, ranks, pairs, ...Object.fromEntries(cases) };
}

/** Compiles the library's side with the MPI's own compiler wrapper. */
function compile(implementation: string): string {
  const mpi = searchMpi().found.find((each) => each.implementation === implementation);
  if (!mpi) throw new Error(`expected the compiler wrapper of ${implementation}, got none. See npm run doctor.`);
  const folder = fileURLToPath(new URL("../../../.graticule/bench/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const program = join(folder, `collectives-${implementation}`);
  const source = fileURLToPath(new URL("collectives.cc", import.meta.url));
  execFileSync(mpi.wrapper, ["-std=c++17", "-O3", source, "-o", program], { stdio: ["ignore", "ignore", "pipe"] });
  return program;
}
