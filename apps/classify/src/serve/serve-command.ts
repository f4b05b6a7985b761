import { openBackend } from "@graticule/train";
import { type Command, Option } from "commander";
import { backendConfig } from "../backend-config.js";
import { numberOption, sizeOption, stderrLogger } from "../command-line.js";
import { openWindowModel } from "../predict/window-model.js";
import { openClassifyServer, type ServeOptions } from "./classify-server.js";

interface ServeFlags
  extends Pick<ServeOptions, "host" | "port" | "batchSize" | "maxWaitMs" | "maxPixels" | "maxPending"> {
  readonly maxBody: number;
  readonly timeout: number;
  readonly device: string;
  readonly precision: "fp32" | "bf16";
}

/** Adds `serve`. */
export function addServeCommand(program: Command): void {
  const name = `${program.name()} serve`;
  const [count, share] = [numberOption("count"), numberOption("share")];
  program
    .command("serve")
    .description("Classify images over HTTP with a run that was fine-tuned or has a probe.")
    .argument("<run>", "folder of a run that `finetune` made or `probe` was called on")
    .option("--host <address>", "where to listen; 0.0.0.0 lets other machines in", "127.0.0.1")
    .option("--port <port>", "0 for any that is free", numberOption("seed"), 8000)
    .option("--batch-size <count>", "images of one forward pass at most", count, 16)
    .option("--max-wait-ms <ms>", "how long an image waits for others to share a pass with", share, 5)
    .option("--max-pending <count>", "requests at a time; others get 503", count, 64)
    .option("--max-body <size>", "largest body, e.g. 16MiB", sizeOption, 2 ** 25)
    .option("--max-pixels <count>", "pixels of the largest image", count, 2 ** 25)
    .option("--timeout <seconds>", "how long a client may take to send a request", numberOption("seconds"), 30)
    .option("--device <device>", "cpu, cuda, cuda:1, mps", "cpu")
    .addOption(new Option("--precision <type>", "of products").choices(["fp32", "bf16"]).default("fp32"))
    .addHelpText(
      "after",
      `
Examples:
  ${name} runs/tuned
  ${name} runs/tuned --port 9000 --batch-size 32 --max-wait-ms 10

  curl --data-binary @harbor.jpg -H "content-type: image/jpeg" "http://127.0.0.1:8000/classify?top=3"

GET /openapi.json describes the server. SIGTERM and Ctrl-C answer what was accepted, then stop.`,
    )
    .action(async (run: string, { maxBody, timeout, device, precision, ...flags }: ServeFlags) => {
      await openBackend(backendConfig.parse({ device, precision }), stderrLogger);
      const model = await openWindowModel(run);
      const server = await openClassifyServer(model, {
        ...flags,
        ...{ maxBodyBytes: maxBody, requestTimeoutMs: 1000 * timeout, logger: stderrLogger },
      });
      const shown = server.host.includes(":") ? `[${server.host}]` : server.host;
      stderrLogger.info(`serving ${run} at http://${shown}:${server.port}`);
      await new Promise<void>((resolve) => {
        for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
      });
      stderrLogger.info("stopping");
      await server.close();
      model.dispose();
    });
}
