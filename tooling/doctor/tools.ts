import { pinnedPnpmVersion } from "../setup/project.mjs";
import { run } from "../setup/run.mjs";
import type { Row } from "./rows.js";

/** The programs around the project: Node, npm, pnpm, compiler, Python, MPI. */
export async function toolRows(): Promise<Row[]> {
  const [npm, pnpm, compiler, python, mpi] = await Promise.all([
    firstLine("npm"),
    firstLine("pnpm"),
    compilerLine(),
    firstLine("python3"),
    firstLine("mpirun"),
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
    mpi
      ? { what: "MPI", status: "ok", found: mpi }
      : missing("MPI", "runs on one process only", "apt-get install openmpi-bin libopenmpi-dev"),
  ];
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
