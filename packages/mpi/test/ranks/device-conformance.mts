// Runs the conformance suite in memory of a device, one for each rank or, with `shared`, one for all.
import { closeMpi, openDeviceCollectives, openMpi } from "../../src/index.js";
import { communicatorCases, runCommunicatorCases } from "../../src/testing.js";
import { DeviceCommunicator } from "./device-communicator.js";
import { gpu } from "./device-memory.js";

const check = process.argv.includes("--check");
const world = openMpi({ timeoutSeconds: 60, check });
const device = process.argv.includes("shared") ? 0 : world.rank;
const travels = openDeviceCollectives(world, `${process.env.GPU_DOUBLE_KIND}:${device}`);
const failures = await runCommunicatorCases(new DeviceCommunicator(world, device));
const usesNccl = gpu.ncclCollectives() > 20;
process.stdout.write(
  `${JSON.stringify({ rank: world.rank, cases: communicatorCases.length, failures, travels, usesNccl })}\n`,
);
closeMpi();
