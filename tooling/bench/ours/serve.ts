import { Agent, request } from "node:http";
import { openClassifyServer, type WindowModel } from "@graticule/classify";
import { makeRandom } from "@graticule/core";
import { makeClassifier, vitPresets } from "@graticule/models";
import { encodePng } from "@graticule/plot";
import { reshape, softmax, tensor4d, tidy } from "@tensorflow/tfjs-core";
import type { ServeBenchOptions } from "../benches/serve.js";
import { median } from "../harness/median.js";
import { openTorch, readSettings, report } from "./child.js";

/** Our side of `bench serve`: PNGs of 224 by 224, a ViT of 21 classes, clients in this process. */
const settings = readSettings<Omit<ServeBenchOptions, "pairs">>();
await openTorch(settings);

const SIDE = 224;
const numClasses = 21;
const classifier = makeClassifier(
  {
    ...vitPresets[settings.model],
    imageSize: [SIDE, SIDE],
    inChannels: 3,
    normEpsilon: 1e-6,
    pool: "mean",
    numClasses,
  },
  { seed: 0 },
);
const model: WindowModel = {
  hash: "bench",
  imageSize: [SIDE, SIDE],
  schema: ["red", "green", "blue"].map((name) => ({ name, mean: 128, std: 60 })),
  meaning: {
    kind: "classes",
    activation: "softmax",
    classNames: Array.from({ length: numClasses }, (_, index) => `class ${index}`),
  },
  isDense: false,
  async windowScores(images) {
    const probabilities = tidy(() => {
      const input = tensor4d(images, [images.length / (3 * SIDE * SIDE), 3, SIDE, SIDE]);
      return reshape(softmax(classifier.forward(input)), [-1]);
    });
    const scores = (await probabilities.data()) as Float32Array;
    probabilities.dispose();
    return { scores, height: 1, width: 1 };
  },
  dispose: () => classifier.dispose(),
};
const random = makeRandom(0);
const png = encodePng(
  Uint8Array.from({ length: SIDE * SIDE * 3 }, () => random.integer(64) + 96),
  SIDE,
  SIDE,
);

function ask(port: number, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "image/png", "content-length": png.length };
    const asked = request({ port, agent, method: "POST", path: "/classify", headers }, (response) => {
      response.resume();
      response.on("end", () => (response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`))));
    });
    asked.on("error", reject);
    asked.end(png);
  });
}

/** Requests a second, how long one took, and the processor time of server and clients. */
async function measure(clients: number, batchSize: number): Promise<Record<string, number>> {
  const limits = { maxBodyBytes: 2 ** 25, maxPixels: 2 ** 25, maxPending: 64, requestTimeoutMs: 60_000 };
  const server = await openClassifyServer(model, { host: "127.0.0.1", port: 0, batchSize, maxWaitMs: 5, ...limits });
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  await ask(server.port, agent);
  const [began, cpuBefore] = [performance.now(), process.cpuUsage()];
  const before = server.batches;
  const times: number[] = [];
  const elapsed = (): number => (performance.now() - began) / 1000;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (elapsed() < settings.seconds) {
        const start = performance.now();
        await ask(server.port, agent);
        times.push(performance.now() - start);
      }
    }),
  );
  const seconds = elapsed();
  const { user, system } = process.cpuUsage(cpuBefore);
  agent.destroy();
  await server.close();
  return {
    requestsPerSecond: times.length / seconds,
    medianMilliseconds: median(times),
    cpuMillisecondsPerRequest: (user + system) / 1000 / times.length,
    imagesPerPass: times.length / (server.batches - before),
  };
}

const measured: Record<string, Record<string, number>> = {};
for (const clients of settings.clients)
  for (const batchSize of [1, settings.batch])
    measured[`${clients} clients, ${batchSize === 1 ? "alone" : "shared"}`] = await measure(clients, batchSize);
report(measured);
