import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

export function findCompiler(name) {
  const programs = process.env.CXX ? [process.env.CXX] : ["g++", "clang++"];
  for (const program of programs) {
    const { status, stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
    if (status === 0) return { name: program, version: stdout.split("\n")[0] };
  }
  throw new Error(
    `${name}: expected a C++ compiler, got none of ${programs.join(", ")}. Install one with \`apt-get install g++\`.`,
  );
}

/** Runs the recipe's compiler to its end; what it prints goes to the log. */
export function runCompiler(recipe, logPath, args, what) {
  const { compiler } = recipe;
  return new Promise((resolve, reject) => {
    const child = spawn(compiler.name, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      writeFileSync(logPath, `$ ${compiler.name} ${args.join(" ")}\n${output}\n`, { flag: "a" });
      if (code === 0) return resolve();
      reject(new Error(describeFailure(recipe, logPath, what, output, code, signal)));
    });
  });
}

function describeFailure({ name, compiler, advice }, logPath, what, output, code, signal) {
  const telling = output.split("\n").filter((line) => /error|cannot find|undefined reference|No such file/.test(line));
  const isShort = /Killed|out of memory|SIGKILL/.test(`${output}${signal}`);
  return [
    `${name}: ${what} failed (${compiler.version}, ${signal ?? `exit code ${code}`}).`,
    ...telling.slice(0, 5).map((line) => `  ${line.slice(0, 300)}`),
    `Full log: ${logPath}. ${isShort ? "The compiler ran out of memory: free some (about 1 GB per core is needed)." : advice}`,
  ].join("\n");
}
