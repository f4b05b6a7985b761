// Runs the conformance suite; each rank prints its failures, and how many cases it ran, as JSON.
import { closeMpi, openMpi } from "../../src/index.js";
import { communicatorCases, runCommunicatorCases } from "../../src/testing.js";

const world = openMpi({ timeoutSeconds: 60, check: process.argv.includes("--check") });
const failures = await runCommunicatorCases(world);
process.stdout.write(`${JSON.stringify({ rank: world.rank, cases: communicatorCases.length, failures })}\n`);
closeMpi();
