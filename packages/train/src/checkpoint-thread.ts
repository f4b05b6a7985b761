import { parentPort, workerData } from "node:worker_threads";
import { type CheckpointWork, doCheckpointWork } from "./checkpoint-work.js";

/** Entry of the thread that `inThread` starts. */
parentPort?.postMessage(await doCheckpointWork(workerData as CheckpointWork));
