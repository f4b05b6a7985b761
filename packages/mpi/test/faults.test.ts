import { expect, test } from "vitest";
import { describeEachMpi, runScript } from "./run-script.js";

describeEachMpi("faults", (build) => {
  for (const way of ["absent","busy","crossed","message","ended","stopped"]) test(way, async () => {
    const r = await runScript(build, 3, "late", [way], {timeoutSeconds: 40});
    process.stdout.write(`${way} ${r.exitCode} ${r.seconds}\n${r.stdout}\n${r.stderr}\n`);
  });
  for (const way of ["exception","rejection","later","exit","kill"]) test(way, async () => {
    const r = await runScript(build, 3, "fail", [way], {timeoutSeconds: 40});
    process.stdout.write(`${way} ${r.exitCode} ${r.seconds}\n${r.stdout}\n${r.stderr}\n`);
  });
  test("mismatch", async () => {
    const r = await runScript(build, 2, "mismatch", [], {timeoutSeconds: 40});
    process.stdout.write(`${r.exitCode} ${r.seconds}\n${r.stdout}\n${r.stderr}\n`);
  });
});
