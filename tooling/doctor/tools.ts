import { mpiBuilds } from "@graticule/mpi";
import { searchMpi } from "../../packages/mpi/scripts/find-mpi.mjs";
import { pinnedPnpmVersion } from "../setup/project.mjs";
import { run } from "../setup/run.mjs";
import type { Row } from "./rows.js";

/** The programs around the project: Node, npm, pnpm, compiler, Python, MPI. */
export async function toolRows(): Promise<Row[]> {
  const [npm, pnpm, compiler, python] = await Promise.all([
    firstLine("npm"),
    firstLine("pnpm"),
    compilerLine(),
    firstLine("python3"),
  ]);
  const pinned = pinnedPnpmVersion();
  return [
    { what: "Node", status: "ok", found: `${process.versions.node} on ${process.platform} ${process.arch}` },
    npm ? { what: "npm", status: "ok", found: npm } : missing("npm", "not on PATH", "it comes with Node"),
    pnpm === pinned
      ? { what: "pnpm", status: "ok", found: pinned }
      : missing("pnpm", `${pnpm ?? "none"}, expected ${pinned}`, "npm run setup"),
    compiler
      ? { what: "C++ compiler", status: "ok", found: compiler }
      : missing("C++ compiler", "the torch addon can't be built", "apt-get install g++"),
    python
      ? { what: "Python", status: "ok", found: `${python} (one source of LibTorch; not needed otherwise)` }
      : { what: "Python", status: "warn", found: "none (one source of LibTorch; not needed otherwise)" },
    ...mpiRows(),
  ];
}

/** Each MPI of the machine, and whether its addon is built. */
function mpiRows(): Row[] {
  const { found, reasons } = searchMpi();
  if (found.length === 0)
    return [missing("MPI", `runs use one rank (${reasons.join("; ")})`, "apt-get install openmpi-bin libopenmpi-dev")];
  return found.map(({ implementation, version, launcher }) => {
    const found = `${implementation} ${version}, ${launcher ?? "without mpirun"}`;
    const isBuilt = mpiBuilds().some((build) => build.implementation === implementation);
    if (!isBuilt) return missing("MPI", `${found}; its addon is not built`, "npm run setup");
    return launcher ? { what: "MPI", status: "ok", found } : missing("MPI", found, "install its mpirun or mpiexec");
  });
}

function missing(what: string, found: string, advice: string): Row {
  return { what, status: "missing", found, advice };
}

async function compilerLine(): Promise<string | undefined> {
  const names = process.env.CXX ? [process.env.CXX] : ["g++", "clang++"];
  const lines = await Promise.all(names.map(firstLine));
  return lines.find((line) => line !== undefined);
}

async function firstLine(program: string): Promise<string | undefined> {
  const { ok, output } = await run(program, ["--version"], { timeoutSeconds: 20 });
  const lines = output.split("\n").filter((line: string) => line.trim() !== "" && !line.startsWith("npm warn"));
  return ok ? lines[0]?.trim() : undefined;
}
