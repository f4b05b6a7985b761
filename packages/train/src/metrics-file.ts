import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** A file of one JSON object a line, each with a `step`, open for appending. */
export interface MetricsFile {
  readonly path: string;
  write(line: { readonly step: number } & Readonly<Record<string, unknown>>): Promise<void>;
  /** Makes the written lines survive a power cut; called before a checkpoint is made. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The step that a line speaks of, or undefined where the line is torn. */
function stepOf(line: Buffer): number | undefined {
  try {
    const step = (JSON.parse(line.toString("utf8")) as { step?: unknown } | null)?.step;
    return typeof step === "number" ? step : undefined;
  } catch {
    return undefined;
  }
}

/** Length of the leading part of a file whose lines are whole and speak of no step after `lastStep`. Units: bytes. */
async function validBytes(path: string, lastStep: number): Promise<number> {
  let kept = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const step = stepOf(rest.subarray(0, end));
      if (step === undefined || step > lastStep) return kept;
      kept += end + 1;
      rest = rest.subarray(end + 1);
    }
  }
  return kept;
}

/**
 * Opens a metrics file for a run that continues after `lastStep` completed steps: lines of later steps, which an
 * interrupted run left behind, and a torn last line are cut off first.
 */
export async function openMetricsFile(path: string, lastStep: number): Promise<MetricsFile> {
  await mkdir(dirname(path), { recursive: true });
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  const kept = exists ? await validBytes(path, lastStep) : 0;
  const file: FileHandle = await open(path, "a");
  await file.truncate(kept);
  return {
    path,
    write: (line) => file.appendFile(`${JSON.stringify(line)}\n`),
    sync: () => file.sync(),
    close: () => file.close(),
  };
}
