// `npm run doctor`: what this machine has, and how to get what it lacks.
import { backendRows } from "./backends.js";
import { machineRows } from "./machine.js";
import { formatRows } from "./rows.js";
import { toolRows } from "./tools.js";

process.stdout.write(`${formatRows([...(await toolRows()), ...backendRows(), ...machineRows()])}\n`);
