import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { configFingerprint, type PlainData } from "@graticule/config";
import { FormatError, MismatchError } from "@graticule/core";
import type { ChannelSchema } from "@graticule/data";
import type { LossScale } from "@graticule/optim";
import type { FileDigest } from "./durable-file.js";

/** The file of one of several processes that hold parts of tensors: `model-00001-of-00004.safetensors` of process 0. */
export function fileOfProcess(name: string, rank: number, worldSize: number): string {
  const count = (number: number): string => String(number).padStart(5, "0");
  return name.replace(".", `-${count(rank + 1)}-of-${count(worldSize)}.`);
}

/** The files of a checkpoint that hold its model, or its optimizer's state. */
export function filesOf({ files }: Pick<CheckpointState, "files">, name: string): string[] {
  const [stem] = name.split(".");
  return Object.keys(files).filter((file) => file === name || file.startsWith(`${stem}-`));
}

const FORMAT_VERSION = 2;
/** Format 1 counted the batches of an epoch, which only the same batch size finds again; 2 counts samples. */
const READABLE_VERSIONS = [1, FORMAT_VERSION];

/** Everything about a run, besides its tensors, that the next step depends on. */
export interface CheckpointState {
  readonly formatVersion: number;
  /** Version of this package that wrote the checkpoint. */
  readonly packageVersion: string;
  /** Optimizer steps completed. */
  readonly step: number;
  readonly epoch: number;
  /** Samples of the epoch's order that are done, over all ranks; undefined in format 1. */
  readonly sampleInEpoch?: number;
  /** Batches that are done, in format 1 alone. */
  readonly batchInEpoch?: number;
  readonly samplesSeen: number;
  /** Where the scaling of losses stands, of a run in fp16. */
  readonly lossScale?: LossScale;
  /** Time spent training, over all restarts. Units: seconds. */
  readonly seconds: number;
  readonly seed: number;
  /** Updates by parameter path, which the optimizer needs for its bias correction. */
  readonly optimizerUpdates: Readonly<Record<string, number>>;
  readonly config: PlainData;
  /** Name of `config` that doesn't depend on the order of its keys, as `configFingerprint` gives it. */
  readonly configFingerprint: string;
  readonly schema: ChannelSchema;
  readonly files: Readonly<Record<string, FileDigest>>;
}

/** JSON with sorted keys: equal values have equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function packageVersion(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Writes a state as the text of `state.json`; `sha256` in it covers all the rest. */
export function encodeCheckpointState(
  state: Omit<CheckpointState, "formatVersion" | "packageVersion" | "configFingerprint">,
): string {
  const full: CheckpointState = {
    formatVersion: FORMAT_VERSION,
    packageVersion: packageVersion(),
    ...state,
    configFingerprint: configFingerprint(state.config),
  };
  return `${JSON.stringify({ ...full, sha256: sha256(canonicalJson(full)) }, undefined, 2)}\n`;
}

/**
 * Reads the text of `state.json`.
 *
 * @throws {FormatError} if it isn't JSON, comes from another format version, or differs from its own checksum.
 */
export function parseCheckpointState(path: string, text: string): CheckpointState {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(path, "JSON", `${text.length} characters that do not parse`, "Use an earlier checkpoint.", {
      cause,
    });
  }
  const { sha256: checksum, ...state } = (stored ?? {}) as CheckpointState & { sha256?: unknown };
  if (!READABLE_VERSIONS.includes(state.formatVersion))
    throw new FormatError(
      path,
      `formatVersion ${READABLE_VERSIONS.join(" or ")}`,
      String(state.formatVersion),
      "Read it with the version of @graticule/train that wrote it.",
    );
  const actual = sha256(canonicalJson(state));
  if (checksum !== actual)
    throw new FormatError(path, `content with sha256 ${checksum}`, actual, "Use an earlier checkpoint.");
  return state;
}

/** Values of a configuration by dotted path. */
function leaves(value: PlainData | undefined, path = ""): [string, string][] {
  if (value === null || typeof value !== "object") return [[path, JSON.stringify(value) ?? "nothing"]];
  const children = Object.entries(value);
  if (children.length === 0) return [[path, JSON.stringify(value)]];
  return children.flatMap(([key, child]) => leaves(child, path === "" ? key : `${path}.${key}`));
}

/**
 * Checks that a run continues with the configuration it began with, apart from paths for which `mayChange` is true.
 *
 * @throws {MismatchError} naming the first path that differs, with both values.
 */
export function assertSameConfig(stored: PlainData, current: PlainData, mayChange: (path: string) => boolean): void {
  if (configFingerprint(stored) === configFingerprint(current)) return;
  const before = new Map(leaves(stored));
  const after = new Map(leaves(JSON.parse(JSON.stringify(current)) as PlainData));
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    if (mayChange(path) || before.get(path) === after.get(path)) continue;
    throw new MismatchError(
      `config ${path}`,
      `${before.get(path) ?? "nothing"} as in the checkpoint`,
      after.get(path) ?? "nothing",
      "Resume with the configuration of the run, or start a new run folder.",
    );
  }
}
